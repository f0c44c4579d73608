// How the pages look and read: contrast, the tree that a screen reader gets, weight, what moves while they load, paper.
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { describe, test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { get, openClient } from './support/server.mjs';
import { server, shares } from './support/world.mjs';

/** Every page there is, as [name, path, status, what to do there]; the owner is logged in. */
async function everyPage() {
  const waiting = await openClient(server), gone = await openClient(server);
  await gone.remove();
  const { kinds, medium, stream } = shares, press = (...keys) => async ({ page }) => { for (const key of keys) await page.keyboard.press(key); };
  const key = (await server.command('owner-key')).trim();
  return {
    key,
    pages: [
      ['kinds', `/share/${kinds}`, 200], ['medium', `/share/${medium}`, 200], ['stream', `/share/${stream}`, 200],
      ['a moment', `/share/${kinds}?at=6`, 200], ['the player at a moment', `/share/${medium}`, 200, press('5', '.')], ['the help', `/share/${medium}`, 200, press('?')],
      ['waiting', waiting.page, 200], ['history', `/share/${medium}/history`, 200], ['event', `/share/${kinds}/history/6`, 200],
      ['compare', `/share/${medium}/compare?from=2&to=8`, 200], ['sessions', '/sessions', 200], ['take down', `/sessions/${waiting.id}/remove`, 200],
      ['404', '/share/nothing0', 404], ['410', gone.page, 410],
    ],
  };
}

const refused = /^console: Failed to load resource: the server responded with a status of 4(01|04|10) /;

/** Open all folds, and wait until nothing is added to the page any more: colours of code, buttons. */
const unfold = ({ page }) => page.evaluate(async () => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  for (let count = -1, quiet = 0; quiet < 10; ) {
    await new Promise(requestAnimationFrame);
    const now = document.querySelectorAll('*').length;
    quiet = now === count ? quiet + 1 : 0;
    count = now;
  }
});

/** Text that stands out too little from what is behind it: WCAG 2.2 AA, 4.5 to 1, large text 3 to 1. */
const faint = ({ page }) => page.evaluate(() => {
  const parse = (text) => {
    const n = (text.match(/-?[\d.]+(e-?\d+)?/g) ?? []).map(Number);
    if (/^color\(srgb/.test(text)) return [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1];
    if (/^rgba?\(/.test(text)) return [n[0], n[1], n[2], n[3] ?? 1];
    throw new Error(`a colour that is not understood: ${text}`);
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const backs = new Map();
  const back = (element) => {
    if (!element) return [...parse('rgb(255, 255, 255)')];
    if (!backs.has(element)) backs.set(element, over(parse(getComputedStyle(element).backgroundColor), back(element.parentElement)));
    return backs.get(element);
  };
  const see = (element) => { let opacity = 1; for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity); return opacity || 1; }; // 0: until it is pointed at
  const found = new Map();
  const judge = (element, style, words) => {
    const colour = parse(style.color), behind = back(element);
    colour[3] *= see(element);
    const [x, y] = [light(over(colour, behind)), light(behind)], ratio = (Math.max(x, y) + .05) / (Math.min(x, y) + .05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio >= (large ? 3 : 4.5)) return;
    found.set(`${element.nodeName.toLowerCase()}.${[...element.classList].join('.')}`, `${ratio.toFixed(2)} to 1: ${words.trim().slice(0, 40)}`);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), elements = new Set();
  let texts = 0;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest('svg, script, style, .a-hidden')) continue;
    const style = getComputedStyle(element);
    if (style.clipPath !== 'none' || element.closest('[aria-disabled=true], :disabled')) continue;
    elements.add(element);
    texts++;
    judge(element, style, node.data);
  }
  for (const element of elements)
    for (const pseudo of ['::before', '::after']) {
      const style = getComputedStyle(element, pseudo);
      if (/\w|[$+–-]/.test(style.content) && style.content !== 'none' && style.content !== 'normal') judge(element, style, `${pseudo} ${style.content}`);
    }
  // The edges of fields, and what shows where the focus is: 3 to 1.
  for (const field of document.querySelectorAll('input:not([type=radio], [type=checkbox], [type=hidden]), textarea')) {
    const [x, y] = [light(over(parse(getComputedStyle(field).borderTopColor), back(field.parentElement))), light(back(field.parentElement))];
    const ratio = (Math.max(x, y) + .05) / (Math.min(x, y) + .05);
    if (ratio < 3) found.set('edge of a field', `${ratio.toFixed(2)} to 1`);
  }
  return { texts, found: [...found] };
});

/** What the tree of a screen reader lacks. */
async function treeFaults({ page, context }) {
  const session = await context.newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const shown = nodes.filter(({ ignored }) => !ignored), role = (node) => node.role?.value, faults = [];
  const property = (node, name) => node.properties?.find((one) => one.name === name)?.value.value;
  const mustHaveName = new Set(['link', 'button', 'textbox', 'searchbox', 'combobox', 'checkbox', 'radio', 'slider', 'image', 'dialog', 'navigation', 'region', 'heading', 'DisclosureTriangle']);
  for (const node of shown)
    if (mustHaveName.has(role(node)) && !node.name?.value?.trim()) faults.push(`${role(node)} without a name: ${JSON.stringify(node.chromeRole ?? '')} ${node.backendDOMNodeId}`);
  const modal = shown.some((node) => role(node) === 'dialog' && property(node, 'modal'));
  const count = (wanted) => shown.filter((node) => role(node) === wanted).length;
  if (!modal) {
    for (const landmark of ['main', 'banner', 'contentinfo']) if (count(landmark) !== 1) faults.push(`${count(landmark)} × ${landmark}`);
    if (!shown.some((node) => role(node) === 'status')) faults.push('no live region');
  }
  // In the order of the page: one h1, first; none skips a level on the way down.
  const levels = await page.evaluate(() => {
    const open = document.querySelector('dialog[open]');
    return [...(open ?? document).querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((heading) => open || !heading.closest('dialog, .text, .reasoning, .prose, .answer, .fetched'))
      .filter((heading) => heading.checkVisibility()).map((heading) => [Number(heading.nodeName[1]), heading.textContent.slice(0, 40)]);
  });
  if (!modal && levels.filter(([level]) => level === 1).length !== 1) faults.push(`${levels.filter(([level]) => level === 1).length} × h1`);
  for (let i = 1; i < levels.length; i++) if (levels[i][0] > levels[i - 1][0] + 1) faults.push(`h${levels[i - 1][0]} is followed by h${levels[i][0]}: ${levels[i][1]}`);
  return faults;
}

describe('looks', () => {
  for (const colorScheme of ['light', 'dark'])
    test(`text stands out, ${colorScheme}`, () => inWindow(server, { colorScheme, height: 3000, expected: [refused] }, async (view) => {
      const { key, pages } = await everyPage();
      assert.equal(await view.go('/sessions'), 401);
      assert.deepEqual((await faint(view)).found, [], 'sign-in');
      await view.go(`/sessions?key=${key}`);
      await view.page.locator('table.sessions').waitFor();
      for (const [name, where, status, act] of pages) {
        assert.equal(await view.go(where), status, name);
        await act?.(view);
        await unfold(view);
        const { texts, found } = await faint(view);
        assert.ok(texts > 3, name);
        assert.deepEqual(found, [], name);
      }
      // Chosen by the switch it is the same as by the system.
      const other = colorScheme === 'light' ? 'dark' : 'light';
      await view.go(`/share/${shares.kinds}`);
      await view.page.locator('button.theme').click();
      assert.equal(await view.eval(() => document.documentElement.dataset.theme), other);
      await unfold(view);
      assert.deepEqual((await faint(view)).found, [], `${other}, chosen`);
    }));

  test('what a screen reader gets: names, landmarks, headings', () => inWindow(server, { expected: [refused] }, async (view) => {
    const { key, pages } = await everyPage();
    await view.go('/sessions');
    assert.deepEqual(await treeFaults(view), [], 'sign-in');
    await view.go(`/sessions?key=${key}`);
    await view.page.locator('table.sessions').waitFor();
    for (const [name, where, , act] of pages) {
      await view.go(where);
      await act?.(view);
      await unfold(view);
      assert.deepEqual(await treeFaults(view), [], name);
    }
  }));

  test('by keyboard alone: first the way to the session, and each stop is seen', () => inWindow(server, {}, async (view) => {
    await view.go(`/share/${shares.medium}`);
    await view.page.keyboard.press('Tab');
    assert.equal(await view.eval(() => document.activeElement.className), 'skip');
    await view.page.keyboard.press('Enter');
    await view.page.waitForFunction(() => location.hash === '#messages');
    await view.go(`/share/${shares.medium}`);
    for (let i = 0; i < 60; i++) {
      await view.page.keyboard.press('Tab');
      const stop = await view.eval(() => {
        const element = document.activeElement, box = element.getBoundingClientRect(), style = getComputedStyle(element);
        return { what: element.outerHTML.slice(0, 120), seen: box.bottom > 0 && box.top < innerHeight && box.width > 0, ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
      });
      assert.ok(stop.seen && (stop.ring || stop.what.startsWith('<body')), `${i}: ${JSON.stringify(stop)}`);
    }
  }));

  test('less than 100 KB of scripts and styles, compressed, without the highlighter', async () => {
    const { text } = await get(server, `/share/${shares.medium}`);
    const addresses = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, address]) => address);
    assert.ok(addresses.length >= 3 && !addresses.some((address) => address.includes('highlight')));
    let bytes = 0;
    for (const address of addresses) {
      const answer = await fetch(server.url + address, { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(answer.headers.get('content-encoding'), 'gzip', address);
      assert.match(answer.headers.get('cache-control'), /immutable/);
      bytes += zlib.gzipSync(Buffer.from(await answer.arrayBuffer()), { level: 9 }).length;
    }
    assert.ok(bytes < 100_000, `${bytes} bytes`);
  });

  for (const [width, sides] of [[390], [1280], [1600], [1600, true]])
    test(`nothing moves while a page loads, ${width} px wide${sides ? ', side by side' : ''}`, () => inWindow(server, { width, isMobile: width < 500 }, async (view) => {
      await view.context.addInitScript((both) => {
        if (both) localStorage.setItem('diffs', 'sides');
        window.moved = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            if (!entry.hadRecentInput) window.moved.push([entry.value, ...entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 100) ?? node?.data)]);
        }).observe({ type: 'layout-shift', buffered: true });
      }, Boolean(sides));
      const id = shares.medium;
      for (const where of [`/share/${shares.long}`, `/share/${id}`, `/share/${shares.kinds}`, `/share/${id}?at=5`, `/share/${id}/history`, `/share/${id}/history/6`, `/share/${id}/compare?from=2&to=8`]) {
        // On a busy machine half a page may be painted first; what moves by itself does so at each load.
        for (let loads = 1; ; loads++) {
          await view.go(where);
          // Until the tape has come, and what it changes was painted.
          if (await view.page.locator('.player').count()) await view.page.waitForFunction(() => !document.querySelector('.clock').textContent.startsWith('–'));
          await view.eval(async () => { for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame); });
          const moved = await view.eval(() => window.moved), sum = moved.reduce((all, [value]) => all + value, 0);
          if (sum < 0.01) break;
          assert.ok(loads < 3, `${where} shifts by ${sum}: ${JSON.stringify(moved)}`);
        }
      }
    }));

  test('on paper: the session, all of it, and nothing that can be clicked', () => inWindow(server, { colorScheme: 'dark' }, async (view) => {
    await view.go(`/share/${shares.kinds}`);
    await view.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    for (const name of ['.top', '.player', '.turns', '.copy', '.permalink']) assert.equal(await view.page.locator(name).first().isVisible(), false, name);
    assert.equal(await view.page.locator('#head h1').isVisible(), true);
    assert.equal(await view.eval(() => getComputedStyle(document.documentElement).backgroundColor), 'rgb(255, 255, 255)', 'no ink for the background');
    const unseen = await view.eval(() => [...document.querySelectorAll('#messages > .message')].filter((message) => !message.checkVisibility({ contentVisibilityAuto: true })).length);
    assert.equal(unseen, 0, 'each message is laid out');
    assert.deepEqual((await faint(view)).found, []);
    const pdf = await view.page.pdf({ format: 'A4' });
    assert.ok(pdf.length > 20_000 && pdf.subarray(0, 5).toString() === '%PDF-');
  }));

  test('reduced motion: nothing goes on moving', () => inWindow(server, { reducedMotion: 'reduce' }, async (view) => {
    await view.go(`/share/${shares.stream}`);
    const long = await view.eval(() => document.getAnimations().map((animation) => animation.effect.getComputedTiming()).filter(({ endTime }) => endTime > 1).length);
    assert.equal(long, 0);
  }));
});
