// Sessions that want to act: in every field of every kind of item, whatever a page shows of them does nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { until } from '../client/support/wait.mjs';
import { assertSame, inWindow, picture, settled, shows } from './support/browser.mjs';
import { batches, get, getJSON, openClient } from './support/server.mjs';
import { server } from './support/world.mjs';

const act = 'window.__pwned=1;alert(1)';
const elsewhere = '//evil.invalid';

/** Each is tried in each field; what it wants is to set window.__pwned, open a dialog, or ask for something elsewhere. */
const payloads = [
  `<script>${act}</script>`,
  `</title></textarea></style></script></pre></code></table></details></article></main><script>${act}</script>`,
  `<img src=x onerror="${act}"><svg/onload="${act}"><details open ontoggle="${act}"><summary>x</summary></details>`,
  `" onmouseover="${act}" onfocus="${act}" autofocus tabindex=0 style="background:url(${elsewhere}/s)" x="`,
  `' onmouseover='${act}' onclick='${act}' x='`,
  `"><iframe srcdoc="<script>parent.__pwned=1</script>"></iframe><iframe src="javascript:parent.${act}"></iframe>`,
  `<base href="${elsewhere}/"><meta http-equiv=refresh content="0;url=${elsewhere}/"><link rel=stylesheet href="${elsewhere}/l.css">`,
  `<form action="${elsewhere}"><input name=a><button>Copy</button></form><object data="${elsewhere}/o"></object><embed src="${elsewhere}/e">`,
  `[link](javascript:${act}) [data](data:text/html,<script>${act}</script>) <a href="javascript:${act}">raw</a> ![i](http:${elsewhere}/i.png) <img src="http:${elsewhere}/r.png">`,
  `[a](JaVa\tScRiPt:${act}) [b](&#106;avascript:${act}) [c](java&Tab;script:${act}) <javascript:${act}> [d]: javascript:${act}`,
  `&lt;script&gt;${act}&lt;/script&gt; &#60;img src=x onerror=${act}&#62; &quot;onclick=${act}`,
  '\u202egnp.exe\u202c \u2066isolated\u2069 \u200f\u200e \u2028 \u0000 \u0007 \u001b[31m red \u001b]8;;javascript:window.__pwned=1\u0007link\u001b]8;;\u0007 \ufeff',
  `{{constructor.constructor('${act}')()}} \${${act}} <!--><script>${act}</script>--> <![CDATA[<script>${act}</script>]]>`,
  `javascript:${act}`,
  `data:text/html,<script>${act}</script>`,
  `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="${act}"><script>${act}</script></svg>`,
  `http:${elsewhere}/plain`,
  `\`\`\`html" onmouseover="${act}\n<script>${act}</script>\n\`\`\`\n\n\`\`\`\n</code></pre><script>${act}</script>`,
  `--- a/<script>${act}</script>\n+++ b/" onmouseover="${act}\n@@ -1 +1 @@ <img src=x onerror=${act}>\n-<b>\n+<script>${act}</script>\n`,
  `| <script>${act}</script> | [x](javascript:${act}) |\n|--|--|\n| <img src=x onerror=${act}> | "onclick=${act} |`,
];

/** Fields that say what an item is: hostile ones make it something else, which is a session of its own. */
const structure = new Set(['type', 'role', 'tool', 'status', 'reason', 'mime']);
const identity = /^(id|sessionID|messageID|parentID|callID)$/;

/** A copy with a payload in place of, or behind, each string. */
function poison(value, { all, next }, name = '') {
  if (Array.isArray(value)) return value.map((element) => poison(element, { all, next }, name));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner, { all, next }, key)]));
  if (typeof value !== 'string' || identity.test(name) || (!all && structure.has(name))) return value;
  const payload = next();
  return name === 'url' || next.count % 3 ? payload : `${value} ${payload}`;
}

function counter(from) {
  const next = () => payloads[(from + next.count++) % payloads.length];
  next.count = 0;
  return next;
}

/** Ids that want to act. */
const renamed = (value, name = '') => {
  if (Array.isArray(value)) return value.map((element) => renamed(element));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renamed(inner, key)]));
  return typeof value === 'string' && /^(id|messageID|parentID|callID)$/.test(name) && /^(msg|prt)_/.test(value) ? `${value}"><img src=x onerror=window.__pwned=1>'` : value;
};

/** A message with a part of each kind that captures do not have, each tool with a view of its own, and items of no known kind. */
function rare(sessionID, next) {
  const id = 'msg_zzzzhostile', at = 1_700_000_000_000, p = () => next();
  let n = 0;
  const part = (data) => ({ type: 'part', data: { id: `prt_zzzz${String(n++).padStart(4, '0')}`, messageID: id, sessionID, ...data } });
  const tool = (name, input, state = {}) => part({
    type: 'tool', tool: name, callID: p(), state: { status: 'completed', input, output: p(), title: p(), metadata: { diff: p(), preview: p(), output: p(), sessionId: p(), files: [p()] }, time: { start: at, end: at + 9 }, ...state },
  });
  return [
    { type: 'message', data: { id, sessionID, role: 'assistant', modelID: p(), providerID: p(), agent: p(), mode: p(), finish: p(), variant: p(), system: [p()], structured: { [p()]: p() }, time: { created: at }, error: { name: p(), data: { message: p(), responseBody: p() } }, summary: { title: p(), diffs: [{ file: p(), before: p(), after: p(), patch: p(), additions: 1, deletions: 1 }] } } },
    part({ type: 'text', text: p(), synthetic: true }), part({ type: 'text', text: p(), ignored: true }), part({ type: 'reasoning', text: p(), time: { start: at, end: at + 1 } }),
    part({ type: 'file', mime: 'image/png', filename: p(), url: 'data:image/png;base64,iVBORw0KGgo=', source: { path: p() } }),
    part({ type: 'file', mime: 'image/svg+xml', filename: p(), url: `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="${act}"/>` }),
    part({ type: 'file', mime: 'text/html', filename: p(), url: `data:text/html,<script>${act}</script>` }),
    part({ type: 'file', mime: p(), filename: p(), url: `javascript:${act}` }), part({ type: 'file', mime: p(), filename: p(), url: `http:${elsewhere}/f.png` }),
    part({ type: 'snapshot', snapshot: p() }), part({ type: 'retry', attempt: p(), error: { name: p(), data: { message: p() } }, time: { created: at } }),
    part({ type: 'agent', name: p() }), part({ type: 'subtask', agent: p(), description: p(), prompt: p(), command: p(), model: { modelID: p() } }),
    part({ type: 'patch', hash: p(), files: [p(), p()] }), part({ type: 'step-start', snapshot: p() }), part({ type: 'step-finish', reason: p(), snapshot: p(), cost: p(), tokens: { input: p() } }),
    part({ type: 'compaction', auto: true }), part({ type: p(), [p()]: p() }),
    tool('bash', { command: p(), description: p() }), tool('edit', { filePath: p(), oldString: p(), newString: p() }), tool('multiedit', { filePath: p(), edits: [{ oldString: p(), newString: p() }] }),
    tool('write', { filePath: `a.${p()}`, content: p() }), tool('patch', { patchText: p() }), tool('apply_patch', { patchText: `*** Begin Patch\n*** Update File: ${p()}\n@@ ${p()}\n-${p()}\n+${p()}\n*** End Patch` }),
    tool('read', { filePath: p() }), tool('grep', { pattern: p(), path: p(), include: p() }), tool('glob', { pattern: p() }), tool('list', { path: p() }), tool('webfetch', { url: `javascript:${act}`, format: p() }),
    tool('webfetch', { url: p() }), tool('websearch', { query: p() }), tool('task', { description: p(), prompt: p(), subagent_type: p() }), tool('todowrite', { todos: [{ content: p(), status: p(), priority: p(), id: p() }] }),
    tool('question', { questions: [{ question: p(), header: p(), options: [{ label: p(), description: p() }] }] }), tool('skill', { name: p() }), tool(p(), { [p()]: p() }),
    tool('bash', { command: p() }, { status: p() }), tool('bash', p(), { status: 'error', error: p() }), tool('edit', { filePath: p() }, { status: 'pending', raw: p() }),
    tool('read', { filePath: p() }, { attachments: [{ type: 'file', mime: 'image/png', filename: p(), url: 'data:image/png;base64,iVBORw0KGgo=' }, { type: 'file', mime: p(), filename: p(), url: p() }] }),
    { type: 'model', data: [{ id: p(), name: p(), providerID: p() }] },
    { type: 'session_diff', data: [{ file: p(), patch: p(), before: p(), after: p(), additions: 1, deletions: 1, status: p() }] },
    { type: 'messages', data: { sessionID, messages: [
      { id: 'msg_zzzznewer1', type: 'user', text: p(), time: { created: at }, files: [{ uri: `javascript:${act}`, mime: p(), name: p() }], agents: [{ name: p() }] },
      { id: 'msg_zzzznewer2', type: 'assistant', agent: p(), model: { id: p(), providerID: p(), variant: p() }, time: { created: at }, error: { type: p(), message: p() }, content: [{ type: 'text', id: p(), text: p() }, { type: 'reasoning', id: p(), text: p() }, { type: 'tool', id: p(), name: p(), state: { status: 'completed', input: { [p()]: p() }, content: [{ type: 'text', text: p() }], structured: { [p()]: p() } }, time: { created: at } }] },
      { id: 'msg_zzzznewer3', type: p(), [p()]: p() },
      { id: 'msg_zzzznewer4', type: 'shell', command: p(), output: p(), callID: p(), time: { created: at } },
    ] } },
  ];
}

/** Do what a reader may do by accident, and what a browser may do by itself; then see that nothing came of it. */
async function harmless(view, where) {
  const found = await view.eval(() => {
    for (const fold of document.querySelectorAll('details')) fold.open = true;
    const found = [], own = (url) => url.startsWith(`${location.origin}/`) || url.startsWith('data:') || location.protocol === 'file:';
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith('on')) found.push(`${name}=${value}`);
        if (/^\s*(javascript|vbscript|data|file|blob):/i.test(value) && ['href', 'action', 'formaction', 'xlink:href', 'srcdoc'].includes(name)) found.push(`${name}=${value}`);
        if (!/^[a-z][a-z0-9:-]*$/i.test(name)) found.push(`an attribute named ${name}`);
      }
      if (element.matches('iframe, object, embed, base, meta[http-equiv], frame, math, applet, body style, main script, main link, main svg:not([aria-hidden])')) found.push(element.outerHTML.slice(0, 200));
      if (element.matches('img, script, video, audio, source') && element.src && !own(element.src)) found.push(element.outerHTML.slice(0, 200));
      if (element.matches('form') && !own(element.action)) found.push(element.outerHTML.slice(0, 200));
      if (element.matches('a[href]') && !/^(https?|mailto|ftp|xmpp|file):$/.test(element.protocol)) found.push(element.outerHTML.slice(0, 200));
    }
    for (const kind of ['mouseover', 'focus', 'click', 'toggle', 'error', 'load', 'pointerenter'])
      for (const element of document.querySelectorAll('main *'))
        if (kind !== 'click' || (!element.matches('a, button, summary, input, label, select, option') && !element.closest('a, button, summary, label'))) element.dispatchEvent(new Event(kind, { bubbles: false }));
    const acting = /[\u202a-\u202e\u2066-\u2069\u0000\u0007\u001b]/.exec(document.documentElement.outerHTML);
    if (acting) found.push(`U+${acting[0].charCodeAt(0).toString(16)}: ${JSON.stringify(document.documentElement.outerHTML.slice(Math.max(0, acting.index - 120), acting.index + 40))}`);
    if (window.__pwned !== undefined) found.push('window.__pwned is set');
    return found;
  });
  assert.deepEqual(found, [], `on ${where}`);
  await view.clean();
}

const quiet = { expected: [/^console: .*(net::ERR_INVALID_URL|decode)/] };

/** What `harmless` unfolded counts for nothing. */
const folded = (sections) => Object.fromEntries(Object.entries(sections).map(([id, html]) => [id, html?.replaceAll(' open=""', '')]));

const sessions = [
  ['hostile in all that is free', (data, from) => data.map((batch) => batch.map((item) => ({ type: item.type, data: poison(item.data, { all: false, next: counter(from) }) })))],
  ['hostile in what says what it is, too', (data, from) => data.map((batch) => batch.map((item) => ({ type: item.type, data: poison(item.data, { all: true, next: counter(from) }) })))],
  ['hostile ids', (data) => data.map((batch) => batch.map((item) => ({ type: item.type, data: ['message', 'part'].includes(item.type) ? renamed(item.data) : item.data })))],
];

describe('hostile', () => {
  for (const [name, change] of sessions) {
    test(`${name}: no page lets it act`, { timeout: 3_600_000 }, async () => {
      const made = [];
      for (const [n, capture] of ['kinds', 'medium'].entries()) {
        const client = await openClient(server), seqs = [];
        for (const [i, batch] of change(batches(capture), n * 7).entries()) seqs.push(await client.sync(batch.map((item) => (item.type === 'session' ? { ...item, data: { ...item.data, title: payloads[(n * 3 + i) % payloads.length] } } : item))));
        made.push({ client, seqs });
      }
      for (const { client, seqs } of made) {
        for (const script of [true, false]) {
          await inWindow(server, { ...quiet, script }, async (view) => {
            for (const where of [client.page, `${client.page}?at=4`, `${client.page}/history`, ...seqs.slice(0, 4).map((seq) => `${client.page}/history/${seq}`), `${client.page}/compare?from=1&to=${seqs.at(-1)}`]) {
              assert.equal(await view.go(where), 200, where);
              await harmless(view, where);
            }
          });
        }
      }
    });
  }

  test('every kind of part and each tool, with each payload, live and in replay', { timeout: 3_600_000 }, () => inWindow(server, quiet, async (view) => {
    const client = await openClient(server);
    await client.sync(batches('short')[0]);
    await view.go(client.page);
    await view.page.locator('.state.live').waitFor();
    let seq = 0;
    for (let from = 0; from < payloads.length; from++) {
      seq = await client.sync(rare(client.sessionID, counter(from)));
      await shows(view, seq);
      await harmless(view, `${client.page} after event ${seq}`);
    }
    const live = await picture(view);
    assert.equal(await view.page.evaluate(() => document.querySelector('#messages').textContent.includes('window.__pwned=1')), true, 'it is all there to read');
    await view.page.keyboard.press('0');
    await shows(view, 1);
    await view.page.keyboard.press('n');
    await shows(view, seq);
    assertSame(folded(await picture(view)), folded(live), 'after replay');
    await harmless(view, 'after replay');
    await view.go(client.page);
    assertSame(folded(live), folded(await picture(view)), 'loaded fresh');
    await harmless(view, client.page);
    assert.equal(await settled(view), seq);
    // Every link to an item, as its own page: what a reader who opens it would get.
    const links = await view.eval(() => [...new Set([...document.querySelectorAll('a[href*="/item?"]')].map((link) => link.href))]);
    assert.ok(links.length > 10);
    for (const link of links) {
      const answer = await fetch(link, { signal: AbortSignal.timeout(600_000) });
      const type = answer.headers.get('content-type'), policy = answer.headers.get('content-security-policy') ?? '';
      assert.equal(answer.status, 200, link);
      assert.match(type, /^(text\/plain|application\/json|application\/octet-stream|image\/(png|jpeg|gif|webp|avif)|application\/pdf)/, link);
      assert.ok(policy.includes("default-src 'none'"), link);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', link);
      await answer.arrayBuffer();
    }
  }));

  test('in the list of sessions, and when one is taken down', () => inWindow(server, quiet, async (view) => {
    const [first] = batches('short'), owner = (await server.command('owner-key')).trim();
    const made = [];
    for (const payload of payloads) {
      const client = await openClient(server);
      await client.sync(first.map((item) => (item.type === 'session' ? { ...item, data: { ...item.data, title: payload, directory: payload } } : item)));
      made.push(client);
    }
    await view.go(`/sessions?key=${owner}`);
    await view.page.locator('table.sessions').waitFor();
    await harmless(view, '/sessions');
    for (const [i, client] of made.entries()) {
      for (const where of [`/sessions?q=${encodeURIComponent(payloads[i].replaceAll('\0', '').slice(0, 80))}`, `/sessions/${client.id}/remove`, client.page]) {
        assert.equal(await view.go(where), 200, where);
        await harmless(view, where);
      }
    }
  }));

  test('in the query of each page', () => inWindow(server, { expected: [/status of (400|404) /] }, async (view) => {
    const client = await openClient(server);
    await client.sync(batches('short')[0]);
    for (const payload of payloads.slice(0, 6)) {
      const bad = encodeURIComponent(payload);
      for (const where of [`${client.page}?at=${bad}`, `${client.page}?t=${bad}`, `${client.page}/history?type=${bad}`, `${client.page}/history?kind=${bad}`, `${client.page}/history?from=${bad}`, `${client.page}/compare?from=${bad}&to=${bad}`, `/share/${bad}`, `/${bad}`]) {
        const status = await view.go(where);
        assert.ok([200, 400, 404].includes(status), `${where}: ${status}`);
        await harmless(view, where);
      }
    }
  }));

  test('as one file', async (t) => {
    const client = await openClient(server);
    await client.sync(batches('short')[0]);
    for (const from of [0, 5, 11]) await client.sync(rare(client.sessionID, counter(from)));
    const { status, text } = await get(server, `${client.page}.html`);
    assert.equal(status, 200);
    const file = path.join(process.env.SL_SCRATCH, 'hostile.html');
    fs.writeFileSync(file, text);
    for (const script of [true, false]) {
      await inWindow(server, { ...quiet, script }, async (view) => {
        await view.page.goto(pathToFileURL(file).href);
        assert.equal(await view.eval(() => window.__pwned), undefined);
        await until('it is whole', () => view.eval(() => document.querySelectorAll('#messages article').length > 2));
      });
    }
    t.diagnostic(`${(await getJSON(server, `/api/share/${client.id}/data`)).length} items`);
  });
});
