// One browser for all tests, and one server with every capture in it for those that only look.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { closeBrowser, openBrowser } from './browser.mjs';
import { captures, get, openServer } from './server.mjs';

export let server;

/** The newest share of each capture that is still there, by the capture's name. */
export const shares = {};

before(async () => {
  assert.ok(process.env.SL_BIN && process.env.SL_PLAYWRIGHT && process.env.SL_SCRATCH, 'start me with tests/browser/run');
  await openBrowser();
  server = await openServer('world');
  for (const name of captures)
    for (const id of await server.send(name)) if ((await get(server, `/api/share/${id}/metadata`)).status === 200) shares[name] = id;
}, { timeout: 120_000 });

after(async () => {
  await closeBrowser();
  await server?.stop();
});
