// Each page, with JavaScript and without: whole, and nothing goes wrong.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inWindow, shows } from './support/browser.mjs';
import { captures, get, getJSON, openClient } from './support/server.mjs';
import { server, shares } from './support/world.mjs';

const both = [true, false];
const named = (script) => (script ? 'with JavaScript' : 'without JavaScript');
const refused = (status) => new RegExp(`^console: Failed to load resource: the server responded with a status of ${status} `);

/** Letters and digits alone: what is left of a text whatever Markdown makes of its marks. */
const letters = (text) => text.replace(/^\s*(```|~~~).*$/gm, '').replace(/^\s*\d+[.)]\s/gm, '').replace(/[^\p{L}\p{N}]+/gu, '');

/** Everything of a share is on its page: each message, each part, each word. */
async function whole({ page }, id) {
  const items = await getJSON(server, `/api/share/${id}/data`);
  const of = (type) => items.filter((item) => item.type === type).map(({ data }) => data);
  const [messages, parts, [session]] = [of('message'), of('part'), of('session')];
  assert.ok(messages.length && parts.length);
  const seen = await page.evaluate(() => {
    const letters = (text) => text.replace(/[^\p{L}\p{N}]+/gu, '');
    for (const own of document.querySelectorAll('[data-own]')) own.remove();
    const part = (element) => [element.id, {
      text: letters(element.textContent), raw: element.textContent, cut: Boolean(element.querySelector('.cut')), in: element.closest('article')?.id, classes: [...element.classList],
    }];
    return {
      title: document.querySelector('#head h1').textContent, facts: document.querySelector('#head').textContent,
      articles: [...document.querySelectorAll('#messages article')].map((article) => article.id),
      turns: [...document.querySelectorAll('#turns a')].map((link) => decodeURIComponent(link.hash.slice(1))),
      parts: Object.fromEntries([...document.querySelectorAll('.part[id]')].map(part)),
      ids: [...document.querySelectorAll('[id]')].map((element) => element.id),
      end: document.querySelector('body > footer')?.textContent ?? '',
    };
  });
  assert.equal(seen.title, session.title);
  for (const fact of [session.directory, session.version]) assert.ok(seen.facts.includes(fact), `${fact} is told`);
  assert.match(seen.end, /sharelog/, 'the page ends');
  assert.equal(new Set(seen.ids).size, seen.ids.length, 'no id is there twice');
  assert.deepEqual([...seen.articles].sort(), messages.map((message) => message.id).sort(), 'each message is there');
  const prompts = messages.filter((message) => message.role === 'user').map((message) => message.id).sort();
  assert.deepEqual([...seen.turns].sort(), prompts, 'the index has each turn');
  for (const part of parts) {
    const shown = seen.parts[part.id];
    assert.ok(shown, `part ${part.id}, ${part.type}, is there`);
    assert.equal(shown.in, part.messageID, `part ${part.id} is in its message`);
    const said = [];
    if (['text', 'reasoning', 'subtask'].includes(part.type)) said.push(part.text ?? part.prompt);
    if (part.type === 'tool') {
      assert.ok(shown.raw.includes(part.tool) && shown.raw.includes(part.state.status), `part ${part.id} says ${part.tool} ${part.state.status}`);
      if (part.tool === 'bash') said.push(part.state.input?.command, part.state.output);
      if (part.tool === 'write') said.push(part.state.input?.content);
      if (part.tool === 'edit') said.push(...(part.state.input?.newString ?? '').split('\n')); // between line numbers
      if (typeof part.state.error === 'string') said.push(part.state.error);
    }
    for (const text of said.filter(Boolean))
      if (!shown.cut && !/<\w+>|\]\(|\x1b/.test(text)) assert.ok(shown.text.includes(letters(text)), `part ${part.id}, ${part.type} ${part.tool ?? ''}, says ${JSON.stringify(text.slice(0, 300))}\nshown: ${shown.raw.slice(0, 600)}`);
  }
}

/** What a page promises to those who do not see it. */
async function accessible({ page }) {
  const faults = await page.evaluate(() => {
    const name = (element) => (element.getAttribute('aria-label') ?? '') + element.textContent.trim() + (element.title ?? '') + [...element.querySelectorAll('img')].map((image) => image.alt).join('');
    const found = [];
    if (document.querySelectorAll('main').length !== 1) found.push('not one main');
    if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
    if (!document.documentElement.lang) found.push('no language');
    for (const element of document.querySelectorAll('a[href], button')) if (!name(element)) found.push(`no name: ${element.outerHTML.slice(0, 200)}`);
    for (const element of document.querySelectorAll('img')) if (!element.hasAttribute('alt')) found.push(`no alt: ${element.outerHTML.slice(0, 200)}`);
    for (const element of document.querySelectorAll('input:not([type=hidden]), select'))
      if (!element.labels?.length && !element.hasAttribute('aria-label')) found.push(`no label: ${element.outerHTML.slice(0, 200)}`);
    for (const link of document.querySelectorAll('a[href^="#"]'))
      if (link.hash.length > 1 && !document.getElementById(decodeURIComponent(link.hash.slice(1)))) found.push(`leads nowhere: ${link.outerHTML.slice(0, 200)}`);
    return found;
  });
  assert.deepEqual(faults, []);
}

/** Nothing is wider than the screen but what scrolls by itself. */
async function narrow({ page }) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    const out = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > width + 1);
    return { scrollWidth: document.documentElement.scrollWidth, width, by: out.slice(0, 5).map((element) => element.outerHTML.slice(0, 160)) };
  });
  assert.equal(wide, null, `wider than the screen: ${JSON.stringify(wide, null, 1)}`);
}

describe('pages', () => {
  for (const script of both) {
    for (const name of captures) {
      test(`the share page of ${name} ${named(script)}`, () => inWindow(server, { script }, async (view) => {
        assert.equal(await view.go(`/share/${shares[name]}`), 200);
        await whole(view, shares[name]);
        await accessible(view);
        assert.equal(await view.page.locator('.player').count(), script ? 1 : 0);
      }));
    }

    test(`an earlier moment ${named(script)}`, () => inWindow(server, { script }, async (view) => {
      assert.equal(await view.go(`/share/${shares.kinds}?at=5`), 200);
      assert.match(await view.page.locator('.notice.past').textContent(), /event 5 of /);
      const then = await getJSON(server, `/api/share/${shares.kinds}/data?at=5`);
      assert.equal(await view.page.locator('#messages article').count(), then.filter((item) => item.type === 'message').length);
      await accessible(view);
    }));

    test(`links to items lead to the moment of the page ${named(script)}`, () => inWindow(server, { script }, async (view) => {
      const client = await openClient(server), data = (output) => [
        { type: 'session', data: { id: client.sessionID, title: 'A cut output' } }, { type: 'message', data: { id: 'msg_1', role: 'assistant', time: { created: 1 } } },
        { type: 'part', data: { id: 'prt_1', messageID: 'msg_1', type: 'tool', tool: 'bash', state: { status: 'completed', input: { command: 'seq' }, output, time: { start: 1, end: 2 } } } },
      ];
      const first = await client.sync(data('then\n'.repeat(5000))), second = await client.sync(data('later\n'.repeat(5000)));
      const link = view.page.locator('#prt_1 .cut a'), follow = async () => {
        await link.click();
        await view.page.waitForURL(/\/item\?/);
        return (await view.page.locator('body').textContent()).slice(0, 4);
      };
      await view.go(client.page);
      assert.equal(await follow(), 'late');
      await view.go(`${client.page}?at=${first}`);
      assert.equal(await follow(), 'then');
      await view.go(`${client.page}?at=${second}`);
      assert.equal(await follow(), 'late');
      if (!script) return;
      await view.go(client.page);
      await view.page.keyboard.press(',');
      await shows(view, first);
      const plain = await link.getAttribute('href');
      assert.equal(await follow(), 'then', 'of a replayed page too');
      assert.equal(new URL(view.page.url()).searchParams.get('at'), String(first));
      assert.ok(!plain.includes('at='));
    }));

    test(`history, event and compare ${named(script)}`, () => inWindow(server, { script }, async (view) => {
      const id = shares.medium, { syncCount } = (await getJSON(server, `/api/share/${id}`)).metadata;
      assert.equal(await view.go(`/share/${id}/history`), 200);
      assert.equal(await view.page.locator('table.events tbody tr').count(), syncCount + 1, 'a row for each event');
      await accessible(view);
      await view.page.selectOption('select[name=order]', 'asc');
      await view.page.fill('input[name=type]', 'session_diff');
      await view.page.click('form.filter button');
      await view.page.waitForURL(/type=session_diff/);
      const rows = await view.page.locator('table.events tbody tr').allTextContents();
      assert.ok(rows.length > 0 && rows.every((row) => row.includes('session_diff')), 'the filter holds');
      for (let seq = 1; seq <= syncCount + 1; seq++) {
        assert.equal(await view.go(`/share/${id}/history/${seq}`), 200);
        await accessible(view);
      }
      assert.equal(await view.go(`/share/${id}/compare?from=2&to=${syncCount + 1}`), 200);
      const { added, changed, removed } = await getJSON(server, `/api/share/${id}/changes?from=2&to=${syncCount + 1}`);
      assert.ok((await view.page.locator('.head').textContent()).includes(`${added.length} added, ${changed.length} changed, ${removed.length} removed`));
      await accessible(view);
    }));

    test(`a session that was not synced yet, one that was removed, one that never was ${named(script)}`, () => inWindow(server, { script }, async (view) => {
      const client = await openClient(server);
      assert.equal(await view.go(client.page), 200);
      assert.match(await view.page.locator('.notice.waiting').textContent(), /first sync/);
      await accessible(view);
      await view.clean();
      await view.page.goto('about:blank');
      await client.remove();
      view.expected.push(refused(410), refused(404));
      assert.equal(await view.go(client.page), 410);
      assert.match(await view.page.locator('main').textContent(), /removed/i);
      await accessible(view);
      assert.equal(await view.go('/share/nothing0'), 404);
      await accessible(view);
    }));
  }

  test('exports hold each prompt', async () => {
    const id = shares.kinds, items = await getJSON(server, `/api/share/${id}/data`);
    const texts = items.filter(({ type, data }) => type === 'part' && data.type === 'text' && !data.synthetic).map(({ data }) => data.text).filter(Boolean);
    for (const [ending, kind] of [['md', /^text\/markdown/], ['txt', /^text\/plain/], ['json', /^application\/json/], ['jsonl', /^application\/(x-ndjson|jsonl)/]]) {
      const { status, type, text } = await get(server, `/share/${id}.${ending}`);
      assert.equal(status, 200, ending);
      assert.match(type, kind, ending);
      const all = letters(ending.startsWith('json') ? text.replace(/\\[ntr"\\]/g, ' ') : text);
      for (const said of texts) assert.ok(all.includes(letters(said)), `.${ending} has ${said.slice(0, 80)}`);
    }
    const { type } = await get(server, `/share/${id}`, { accept: 'text/markdown' });
    assert.match(type, /^text\/markdown/);
  });

  test('a phone: nothing scrolls sideways', () => inWindow(server, { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }, async (view) => {
    for (const name of captures) {
      await view.go(`/share/${shares[name]}`);
      await narrow(view);
      await view.page.evaluate(() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));
      await narrow(view);
    }
    for (const where of ['', '/history', '/history/3', '/compare?from=1&to=9', '?at=4']) {
      await view.go(`/share/${shares.medium}${where}`);
      await narrow(view);
    }
  }));
});
