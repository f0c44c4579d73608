// Chromium, and pages that are watched: whatever goes wrong in one is a failure of the test that opened it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const { SL_CHROMIUM, SL_PLAYWRIGHT } = process.env;
const { chromium } = createRequire(import.meta.url)(SL_PLAYWRIGHT);

let browser;

export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: SL_CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export const closeBrowser = () => browser?.close();

/** Before anything of the page runs: what the policy refuses is noted. */
function listen() {
  window.refusals = [];
  document.addEventListener('securitypolicyviolation', (event) => window.refusals.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
}

/**
 * A window on the server, of a browser of its own: cookies, storage. `troubles` is all that should not have been: errors on the
 * console, refusals of the content security policy, requests to elsewhere, dialogs, failed requests. A trouble that a test
 * expects matches one of `expected`, and isn't noted.
 */
export async function openWindow(server, { script = true, width = 1280, height = 800, expected = [], ...more } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: script, viewport: { width, height }, timezoneId: 'Asia/Kolkata', reducedMotion: 'reduce', ...more,
  });
  context.setDefaultTimeout(600_000);
  if (script) await context.addInitScript(listen);
  const page = await context.newPage();
  const troubles = [];
  const note = (text) => { if (!self.expected.some((pattern) => pattern.test(text))) troubles.push(text); };
  const self = { page, context, troubles, expected: [...expected] };
  page.on('console', (message) => { if (['error', 'warning', 'assert'].includes(message.type())) note(`console: ${message.text()} (${message.location().url})`); });
  page.on('pageerror', (error) => note(`exception: ${error.stack ?? error}`));
  page.on('dialog', (dialog) => { note(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
  page.on('popup', (popup) => note(`popup: ${popup.url()}`));
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${server.url}/`) && !/^(data|blob|file):/.test(url)) note(`request to elsewhere: ${url}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A page that is left ends what it was loading.
    if (why !== 'net::ERR_ABORTED') note(`request failed: ${request.url()} ${why}`);
  });
  /** Go to a path of the server; gives the status. */
  self.go = async (where, waitUntil = 'load') => {
    const answer = await page.goto(server.url + where, { waitUntil });
    // Of a moment in the past too, the script is done once the tape knows where it is.
    if (script && (await page.locator('body[data-share] #messages').count())) await page.locator('.player .tape').waitFor();
    return answer?.status();
  };
  /** Nothing went wrong up to now. */
  self.clean = async () => {
    const refusals = script ? await page.evaluate(() => window.refusals ?? []) : [];
    assert.deepEqual([...troubles, ...refusals], [], `troubles on ${page.url()}`);
  };
  self.close = () => context.close();
  self.eval = (what, argument) => page.evaluate(what, argument);
  return self;
}

/** Open a window, do something in it, and see that nothing went wrong. */
export async function inWindow(server, options, work) {
  const view = await openWindow(server, options);
  try {
    const result = await work(view);
    await view.clean();
    return result;
  } finally {
    await view.close();
  }
}

/** What of the session is on the page, without what the script adds to what the server sent: a string for each section. */
export const picture = ({ page }) => page.evaluate(() => Object.fromEntries(['head', 'turns', 'messages', 'diff', 'other'].map((id) => {
  const copy = document.getElementById(id)?.cloneNode(true);
  if (!copy) return [id, null];
  for (const own of copy.querySelectorAll('[data-own]')) own.remove();
  for (const code of copy.querySelectorAll('[data-lit], code[class*=language-]')) {
    code.replaceChildren(code.textContent); // coloured when it came into view, or not yet
    code.removeAttribute('data-lit');
  }
  for (const element of copy.querySelectorAll('.changed, .fresh')) {
    element.classList.remove('changed', 'fresh');
    if (!element.className) element.removeAttribute('class');
  }
  for (const image of copy.querySelectorAll('img[src*="/item?key="]')) image.setAttribute('src', image.getAttribute('src').replace(/&at=\d+$/, '')); // of a page of the past
  for (const element of copy.querySelectorAll('[aria-current]')) element.removeAttribute('aria-current');
  for (const parent of [copy, ...copy.querySelectorAll('.undone')])
    for (const node of [...parent.childNodes]) if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
  return [id, copy.innerHTML];
})));

/** Two pictures are of the same page. Where they part is said, not all of both. */
export function assertSame(now, wanted, what) {
  for (const id of Object.keys(wanted)) {
    if (now[id] === wanted[id]) continue;
    const [a, b] = [now[id] ?? '(none)', wanted[id] ?? '(none)'];
    let at = 0;
    while (at < a.length && a[at] === b[at]) at++;
    const around = (text) => JSON.stringify(text.slice(Math.max(0, at - 120), at + 160));
    assert.fail(`${what}: #${id} differs at ${at}\n  is     ${around(a)}\n  should ${around(b)}`);
  }
}

/** Wait until the page shows the moment that it was asked for; gives its sequence. */
export async function settled({ page }) {
  const shown = await page.waitForFunction(() => {
    const { seq } = document.body.dataset, target = document.querySelector('.tape').getAttribute('aria-valuenow');
    return seq === target && seq;
  }, null, { polling: 20 });
  return Number(await shown.jsonValue());
}

/** Wait until the page shows this sequence. */
export const shows = ({ page }, seq, timeout = 600_000) =>
  page.waitForFunction((want) => document.body.dataset.seq === String(want), seq, { polling: 20, timeout });

/** Random numbers that can be had again by SL_TEST_SEED. */
export function random(seed = Number(process.env.SL_SEED)) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}
