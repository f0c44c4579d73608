// The pages in Chromium. README.md in this folder says how it is set up; `run` starts it.
import './support/world.mjs';
import './pages.mjs';
import './live.mjs';
import './player.mjs';
import './sessions.mjs';
import './offline.mjs';
import './looks.mjs';
import './hostile.mjs';
