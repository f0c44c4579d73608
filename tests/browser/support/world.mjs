// One browser for all tests, and one server with every capture in it for those that only look.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { closeBrowser, openBrowser } from './browser.mjs';
import { captures, get, openServer } from './server.mjs';

export let server;

/** The longest share of each capture of those that are still there, by the capture's name. */
export const shares = {};

async function longest(ids) {
  let most = 0, found;
  for (const id of ids) {
    const { status, text } = await get(server, `/api/share/${id}/metadata`);
    if (status === 200 && JSON.parse(text).syncCount >= most) [most, found] = [JSON.parse(text).syncCount, id];
  }
  return found;
}

before(async () => {
  assert.ok(process.env.SL_BIN && process.env.SL_PLAYWRIGHT && process.env.SL_SCRATCH, 'start me with tests/browser/run');
  await openBrowser();
  server = await openServer('world');
  for (const name of captures) shares[name] = await longest(await server.send(name));
}, { timeout: 3_600_000 });

after(async () => {
  await closeBrowser();
  await server?.stop();
});
