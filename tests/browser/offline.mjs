// The page of a session as one file, opened from the disk: the player in it, without any server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { until } from '../client/support/wait.mjs';
import { assertSame, inWindow, picture, settled } from './support/browser.mjs';
import { get, getJSON } from './support/server.mjs';
import { server, shares } from './support/world.mjs';

/** Write the file, and open it. */
async function openFile(view, name, query = '') {
  const { status, text } = await get(server, `/share/${shares[name]}.html${query}`);
  assert.equal(status, 200);
  const file = path.join(process.env.SL_SCRATCH, `${name}-${Math.random().toString(36).slice(2)}.html`);
  fs.writeFileSync(file, text);
  // Away from the server nothing may be asked of it.
  await view.context.route(`${server.url}/**`, (route) => { view.troubles.push(`asked the server: ${route.request().url()}`); return route.abort(); });
  await view.page.goto(pathToFileURL(file).href);
}

const tapeCame = (view) => view.page.waitForFunction(() => document.querySelector('.clock')?.textContent.includes('/'));

/** Its picture, with the addresses of the server taken out: a file names them whole, and holds its pictures. */
async function pictureOf(view) {
  const seen = await picture(view);
  for (const id of Object.keys(seen))
    seen[id] = seen[id]?.replaceAll(server.url, '').replace(/ src="[^"]*"/g, '') ?? null;
  return seen;
}

describe('offline', () => {
  for (const script of [true, false])
    test(`the file has each message, ${script ? 'with' : 'without'} JavaScript`, () => inWindow(server, { script }, async (view) => {
      await openFile(view, 'kinds');
      const messages = (await getJSON(server, `/api/share/${shares.kinds}/data`)).filter((item) => item.type === 'message');
      assert.equal(await view.page.locator('#messages article').count(), messages.length);
      assert.equal(await view.page.locator('.player').count(), script ? 1 : 0, 'it can be replayed');
      assert.equal(await view.page.locator('link[rel=stylesheet], script[src]').count(), 0, 'nothing is loaded');
    }));

  for (const name of ['kinds', 'medium', 'stream'])
    test(`${name}: stepped from the end to the beginning and back it is the page of each moment`, () => inWindow(server, {}, async (view) => {
      await openFile(view, name);
      await tapeCame(view);
      const last = await settled(view), end = await pictureOf(view), back = [], on = [];
      assert.ok(last > 5);
      back[last] = end;
      for (let seq = last - 1; seq >= 1; seq--) {
        await view.page.keyboard.press(',');
        assert.equal(await settled(view), seq);
        back[seq] = await pictureOf(view);
      }
      on[1] = back[1];
      for (let seq = 2; seq <= last; seq++) {
        await view.page.keyboard.press('.');
        assert.equal(await settled(view), seq);
        on[seq] = await pictureOf(view);
        assertSame(on[seq], back[seq], `${name} at ${seq}, on and back`);
      }
      await inWindow(server, {}, async (fresh) => {
        for (let seq = 1; seq <= last; seq++) {
          await fresh.go(`/share/${shares[name]}?at=${seq}`);
          const wanted = await pictureOf(fresh), now = on[seq];
          delete wanted.head; // the file's says nothing of a server
          delete now.head;
          assertSame(now, wanted, `${name} at ${seq}, file and server`);
        }
      });
    }));

  test('its keys, its slider, its help', () => inWindow(server, {}, async (view) => {
    await openFile(view, 'medium');
    await tapeCame(view);
    const last = await settled(view), { prompts, messages } = JSON.parse(await view.page.locator('#timeline').textContent());
    const key = async (name, wanted) => {
      await view.page.keyboard.press(name);
      await until(`${name} leads to ${wanted}`, async () => (await settled(view)) === wanted);
    };
    assert.equal(await view.page.locator('.state').textContent(), 'Now', 'it is not live');
    const end = await pictureOf(view);
    await key('0', 1);
    for (const seq of [...new Set(prompts.map(([prompt]) => prompt))].filter((prompt) => prompt > 1).slice(0, 3)) await key(']', seq);
    await key('0', 1);
    for (const seq of messages.filter((message) => message > 1).slice(0, 3)) await key('}', seq);
    await key('{', messages.filter((message) => message > 1)[1]);
    await key('n', last);
    assertSame(await pictureOf(view), end, 'now again');
    await view.page.locator('.tape').focus();
    await key('Home', 1);
    await key('End', last);
    const box = await view.page.locator('.tape').boundingBox();
    await view.page.mouse.click(box.x + 2, box.y + box.height / 2);
    await until('the slider leads to the beginning', async () => (await settled(view)) === 1);
    // Played to the end it is the end.
    for (let i = 0; i < 8; i++) await view.page.keyboard.press('>');
    await view.page.keyboard.press('Space');
    await until('played to the end', async () => (await settled(view)) === last);
    await view.page.locator('.play[aria-label=Play]').waitFor();
    assertSame(await pictureOf(view), end, 'played to the end');
    await view.page.keyboard.press('?');
    await view.page.locator('dialog.help[open]').waitFor();
    await view.page.keyboard.press('Escape');
    await view.page.waitForFunction(() => !document.querySelector('dialog.help').open);
    await view.page.locator('button.theme').click();
    assert.ok(await view.eval(() => document.documentElement.dataset.theme), 'light and dark');
  }));

  test('a file of an earlier moment ends there', () => inWindow(server, {}, async (view) => {
    await openFile(view, 'kinds', '?at=6');
    await tapeCame(view);
    assert.equal(await settled(view), 6);
    const end = await pictureOf(view);
    await view.page.keyboard.press('0');
    assert.equal(await settled(view), 1);
    await view.page.locator('.tape').focus();
    await view.page.keyboard.press('End');
    await until('its end', async () => (await settled(view)) === 6);
    assertSame({ ...(await pictureOf(view)), head: null }, { ...end, head: null }, 'its end');
  }));
});
