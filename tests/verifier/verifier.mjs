// A second verifier of what sharelog says of its log, written from core/FORMAT.md. It shares no code with the first.
export { answer } from './answer.mjs';
export { bundle, bundleEvidence } from './bundle.mjs';
export { contradiction, ofBundle, ofCheckpoint, ofStatement } from './evidence.mjs';
export { headStatement } from './head.mjs';
export { chains, entries, leaves } from './log.mjs';
export { conflict } from './conflict.mjs';
export { checkpoint, parsePolicy } from './policy.mjs';
export { leafHash, rootOf } from './tree.mjs';
