// What comes in while the page is open.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../client/support/wait.mjs';
import { assertSame, inWindow, picture, shows } from './support/browser.mjs';
import { batches, openClient, openServer } from './support/server.mjs';
import { server } from './support/world.mjs';

/** Mark the page: the mark is gone if it is loaded again. */
const mark = (view) => view.eval(() => { window.marked = true; });
const stayed = async (view) => assert.equal(await view.eval(() => window.marked), true, 'the page was not loaded again');

/** Load the page anew, in a window of its own, and see that it says what this one says. */
async function asFresh(view, where, what) {
  const now = await picture(view);
  await inWindow(server, {}, async (fresh) => {
    await fresh.go(where);
    assertSame(now, await picture(fresh), what);
  });
}

/** Where an element in view stands, and how far down the page is. */
const placeOf = (view, id) => view.eval((name) => ({ top: document.getElementById(name).getBoundingClientRect().top, scroll: scrollY }), id);

describe('live', () => {
  test('the first sync fills a page that waits for it', () => inWindow(server, {}, async (view) => {
    const client = await openClient(server);
    await view.go(client.page);
    await mark(view);
    await view.page.locator('.state.live').waitFor();
    const seq = await client.sync(batches('short')[0]);
    await shows(view, seq);
    assert.equal(await view.page.locator('.notice.waiting').count(), 0);
    await stayed(view);
    await asFresh(view, client.page, 'after the first sync');
  }));

  for (const name of ['stream', 'kinds', 'medium']) {
    test(`${name}: every batch appears, and the page is then as one loaded fresh`, () => inWindow(server, {}, async (view) => {
      const client = await openClient(server), [first, ...rest] = batches(name);
      await client.sync(first);
      await view.go(client.page);
      await mark(view);
      await view.page.locator('.state.live').waitFor();
      for (const batch of rest) {
        const seq = await client.sync(batch);
        await shows(view, seq);
        await asFresh(view, client.page, `after event ${seq}`);
      }
      await stayed(view);
    }));
  }

  test('turns that are undone and redone: folded away and back, as in a page loaded fresh', () => inWindow(server, {}, async (view) => {
    const client = await openClient(server), all = batches('medium').flat(), newest = new Map();
    for (const item of all) newest.set(`${item.type} ${item.data.id ?? ''}`, item);
    const session = all.findLast(({ type }) => type === 'session').data, { revert, ...plain } = session;
    await client.sync([...newest.values()].map((item) => (item.type === 'session' ? { ...item, data: plain } : item)));
    await view.go(client.page);
    await mark(view);
    await view.page.locator('.state.live').waitFor();
    const shown = () => view.eval(() => [...document.querySelectorAll('#messages > .message')].map(({ id }) => id));
    const folded = () => view.eval(() => [...document.querySelectorAll('#undone > .message')].map(({ id }) => id));
    const prompts = await view.eval(() => [...document.querySelectorAll('#messages > .message.user')].map(({ id }) => id)), whole = await shown();
    assert.ok(prompts.length > 3 && (await folded()).length === 0);
    const undo = async (messageID, fresh = true) => {
      const seq = await client.sync([{ type: 'session', data: messageID ? { ...plain, revert: { messageID } } : plain }]);
      await shows(view, seq);
      const at = messageID ? whole.indexOf(messageID) : whole.length;
      assert.deepEqual(await shown(), whole.slice(0, at), `reverted to ${messageID}`);
      assert.deepEqual(await folded(), whole.slice(at));
      if (messageID) assert.match(await view.page.locator('#undone > summary').textContent(), new RegExp(`^${whole.length - at} undone message`));
      else assert.equal(await view.page.locator('#undone').count(), 0);
      if (fresh) await asFresh(view, client.page, `reverted to ${messageID}`);
    };
    for (const messageID of [prompts.at(-1), prompts.at(-2), prompts[1], prompts.at(-1), null, prompts[0], null]) await undo(messageID);
    // What was undone may be read, and stays open while more is undone.
    await undo(prompts.at(-1));
    await view.page.locator('#undone > summary').click();
    await undo(prompts.at(-3), false);
    assert.equal(await view.eval(() => document.getElementById('undone').open), true);
    await view.page.locator('#undone > summary').click();
    await asFresh(view, client.page, 'more is undone');
    // Replay walks through all of it.
    await view.page.keyboard.press('0');
    await shows(view, 1);
    await view.page.keyboard.press('n');
    await until('now again', async () => (await folded()).length > 0);
    await view.page.locator('.state.live').waitFor();
    await asFresh(view, client.page, 'after replay');
    await stayed(view);
  }));

  test('a burst of batches', () => inWindow(server, {}, async (view) => {
    const client = await openClient(server), [first, ...rest] = batches('stream');
    await client.sync(first);
    await view.go(client.page);
    let seq = 0;
    for (const batch of rest) seq = await client.sync(batch);
    await shows(view, seq);
    await asFresh(view, client.page, 'after the burst');
  }));

  test('who reads in the middle stays there; who is at the end follows', () => inWindow(server, {}, async (view) => {
    const client = await openClient(server), all = batches('long').slice(0, 45);
    for (const batch of all.slice(0, 30)) await client.sync(batch);
    await view.go(client.page);
    await view.page.locator('.state.live').waitFor();
    // The page settles: what is far from the reader is measured when it comes near.
    const id = await view.eval(async () => {
      const articles = [...document.querySelectorAll('#messages > .message')], middle = articles[articles.length >> 1];
      middle.scrollIntoView({ block: 'center', behavior: 'instant' });
      for (let quiet = 0, top = NaN; quiet < 10; ) {
        await new Promise(requestAnimationFrame);
        const now = middle.getBoundingClientRect().top;
        quiet = now === top ? quiet + 1 : 0;
        top = now;
      }
      return middle.id;
    });
    const before = await placeOf(view, id);
    for (const batch of all.slice(30, 38)) {
      await shows(view, await client.sync(batch));
      const { top } = await placeOf(view, id);
      assert.ok(Math.abs(top - before.top) < 2, `what is read stays where it is: ${before.top} → ${top}`);
    }
    // A message above what is read changes: what is read stays all the same.
    const above = all.flat().find(({ type, data }) => type === 'part' && data.type === 'text' && data.text);
    const longer = { ...above, data: { ...above.data, text: `${above.data.text}\n\n${'More of it. '.repeat(400)}\n\n- and\n- a\n- list` } };
    await shows(view, await client.sync([longer]));
    const moved = await placeOf(view, id);
    assert.ok(Math.abs(moved.top - before.top) < 2, `what is read stays where it is when something above grows: ${before.top} → ${moved.top}`);

    const gap = () => view.eval(() => document.documentElement.scrollHeight - innerHeight - scrollY);
    await view.eval(async () => { // the end, once all that comes into view there is laid out
      for (let quiet = 0; quiet < 10; ) {
        scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
        await new Promise(requestAnimationFrame);
        quiet = document.documentElement.scrollHeight - innerHeight - scrollY < 2 ? quiet + 1 : 0;
      }
    });
    for (const batch of all.slice(38)) {
      await shows(view, await client.sync(batch));
      await until('at the end it follows', async () => (await gap()) < 4);
    }
  }));

  test('what the reader opened stays open, what is selected stays selected', () => inWindow(server, {}, async (view) => {
    const client = await openClient(server), all = batches('stream');
    for (const batch of all.slice(0, 12)) await client.sync(batch);
    await view.go(client.page);
    const fold = view.page.locator('#messages details:not([open])').first(), id = await fold.getAttribute('id');
    assert.ok(id, 'there is something to open');
    await fold.locator('summary').first().click();
    const selected = await view.eval(() => {
      getSelection().selectAllChildren(document.querySelector('.message.user .part.text'));
      return String(getSelection());
    });
    for (const batch of all.slice(12)) await shows(view, await client.sync(batch));
    assert.equal(await view.eval((name) => document.getElementById(name).open, id), true);
    assert.equal(await view.eval(() => String(getSelection())), selected);
    assert.ok(selected.trim());
  }));

  test('after the server died and came back nothing is missed', async () => {
    const other = await openServer('restarted');
    try {
      await inWindow(other, { expected: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/] }, async (view) => {
        const client = await openClient(other), all = batches('stream');
        for (const batch of all.slice(0, 5)) await client.sync(batch);
        await view.go(client.page);
        await mark(view);
        await view.page.locator('.state.live').waitFor();
        await other.kill();
        await view.page.locator('.state.lost').waitFor();
        await other.restart();
        let seq = 0;
        for (const batch of all.slice(5, 15)) seq = await client.sync(batch);
        await shows(view, seq);
        await view.page.locator('.state.live').waitFor();
        for (const batch of all.slice(15)) await shows(view, await client.sync(batch));
        await stayed(view);
        const now = await picture(view);
        await view.go(client.page);
        assertSame(now, await picture(view), 'after the server came back');
      });
    } finally {
      await other.stop();
    }
  });

  test('taken down while it is read: the page says so', () => inWindow(server, { expected: [/status of (410|404)/] }, async (view) => {
    const client = await openClient(server);
    await client.sync(batches('short')[0]);
    await view.go(client.page);
    await view.page.locator('.state.live').waitFor();
    await client.remove();
    await view.page.waitForFunction(() => /removed/i.test(document.querySelector('main').textContent) && !document.querySelector('#messages'));
  }));
});
