// Replay: each key, and that a moment is the same page however it was reached.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../client/support/wait.mjs';
import { assertSame, inWindow, openWindow, picture, random, settled, shows } from './support/browser.mjs';
import { get, getJSON } from './support/server.mjs';
import { server, shares } from './support/world.mjs';

/** The page of a share, once its tape has come. */
async function open(view, id, at = '') {
  await view.go(`/share/${id}${at}`);
  await view.page.waitForFunction(() => document.querySelector('.clock')?.textContent.includes('/'));
}

/** The tape as if an event had come each second: captures are played in much faster. */
const slowly = (view) => view.context.route('**/timeline', async (route) => {
  const answer = await route.fetch(), tape = await answer.json();
  tape.events = tape.events.map(([seq, , kind], i) => [seq, tape.events[0][1] + 1000 * i, kind]);
  await route.fulfill({ response: answer, json: tape });
});

const press = async (view, key) => {
  await view.page.keyboard.press(key);
  return settled(view);
};

const target = (view) => view.page.locator('.tape').getAttribute('aria-valuenow').then(Number);

/** The events that messages came with, as the API tells it. */
async function firstEvents(id) {
  const first = new Map();
  const { events } = await getJSON(server, `/api/share/${id}/events?limit=1000&order=asc`);
  for (const { seq, types } of events) if ('message' in types) first.set(seq, null);
  const found = new Set(), seen = new Set();
  for (const seq of first.keys())
    for (const item of (await getJSON(server, `/api/share/${id}/events/${seq}`)).data ?? [])
      if (item.type === 'message' && !seen.has(item.data.id)) { seen.add(item.data.id); found.add(seq); }
  return [...found];
}

describe('player', () => {
  test('each key', () => inWindow(server, {}, async (view) => {
    await slowly(view);
    const id = shares.long, { prompts, events } = await getJSON(server, `/share/${id}/timeline`), last = events.length;
    assert.ok(last > 40 && prompts.length > 10);
    await open(view, id);
    const key = async (name, wanted) => {
      await view.page.keyboard.press(name);
      await until(`${name} leads to ${wanted}`, async () => (await settled(view)) === wanted);
    };
    // An event is a second on this tape.
    for (const n of [0, 1, 5, 9]) await key(String(n), 1 + Math.floor((last - 1) * n / 10 + 1e-6));
    await key('3', 1 + Math.floor((last - 1) * .3));
    const third = 1 + Math.floor((last - 1) * .3);
    await key('ArrowRight', third + 5);
    await key('ArrowRight', third + 10);
    await key('ArrowLeft', third + 5);
    await key('.', third + 6);
    await key('.', third + 7);
    await key(',', third + 6);
    await key('0', 1);
    await key(',', 1);
    await key('ArrowLeft', 1);

    // By turns: prompts that came with one event are one step.
    const turns = [...new Set(prompts.map(([seq]) => seq))].sort((a, b) => a - b);
    let at = 1;
    for (const seq of turns.filter((turn) => turn > 1).slice(0, 4)) await key(']', (at = seq));
    for (const seq of turns.filter((turn) => turn < at).reverse().slice(0, 2)) await key('[', (at = seq));
    await view.page.waitForURL((url) => url.searchParams.get('at') === String(at)); // the address carries the moment

    // By messages: one jump to the event that the next one came with.
    const arrivals = await firstEvents(id);
    assert.ok(arrivals.length > 20);
    const asked = [];
    view.page.on('request', (request) => { if (request.url().includes('/update?')) asked.push(request.url()); });
    for (const seq of arrivals.filter((arrival) => arrival > at).slice(0, 3)) {
      asked.length = 0;
      await key('}', (at = seq));
      assert.equal(asked.length, 1, 'one request a jump');
    }
    for (const seq of arrivals.filter((arrival) => arrival < at).reverse().slice(0, 2)) await key('{', (at = seq));
    await key('9', 1 + Math.floor((last - 1) * .9));
    await key('n', last);
    await key('}', last);
    await key('0', 1);
    await key('{', 1);

    // Play, pause; faster.
    await key('5', 1 + Math.floor((last - 1) * .5));
    const from = await target(view);
    for (let i = 0; i < 3; i++) await view.page.keyboard.press('>');
    assert.equal(await view.page.locator('.speed').inputValue(), '8');
    await view.page.keyboard.press('<');
    assert.equal(await view.page.locator('.speed').inputValue(), '4');
    await view.page.keyboard.press('Space');
    await view.page.locator('.play[aria-label=Pause]').waitFor();
    await until('it plays', async () => (await target(view)) > from + 1);
    await view.page.keyboard.press('Space');
    await view.page.locator('.play[aria-label=Play]').waitFor();
    assert.ok((await target(view)) < last, 'paused before the end');
    // To the end, and from the beginning again.
    for (let i = 0; i < 6; i++) await view.page.keyboard.press('>');
    assert.equal(await view.page.locator('.speed').inputValue(), '64');
    await view.page.keyboard.press('Space');
    await shows(view, last);
    await view.page.locator('.play[aria-label=Play]').waitFor();
    await view.page.locator('.state.live').waitFor();

    await key('2', 1 + Math.floor((last - 1) * .2));
    assert.equal(await view.page.locator('.state').textContent(), 'Go to now');
    await key('n', last);
    await view.page.waitForURL((url) => !url.searchParams.has('at'));
    await view.page.locator('.state.live').waitFor();

    await view.page.keyboard.press('f');
    await view.page.locator('html.focus').waitFor();
    assert.equal(await view.page.locator('#head').isVisible(), false, 'the messages alone');
    await until('over the whole screen', () => view.eval(() => Boolean(document.fullscreenElement)));
    await view.page.keyboard.press('f');
    await until('f leads back', () => view.eval(() => !document.documentElement.classList.contains('focus') && !document.fullscreenElement));
    assert.equal(await view.page.locator('#head').isVisible(), true);

    await view.page.keyboard.press('?');
    await view.page.locator('dialog.help[open]').waitFor();
    const help = await view.page.locator('dialog.help').textContent();
    for (const shown of ['Space', '←', '[', 'f', '?']) assert.ok(help.includes(shown), `the help tells ${shown}`);
    await view.page.keyboard.press('?');
    await view.page.waitForFunction(() => !document.querySelector('dialog.help').open);
    await view.page.keyboard.press('?');
    await view.page.keyboard.press('Escape');
    await view.page.waitForFunction(() => !document.querySelector('dialog.help').open);
    assert.equal(await settled(view), last);
  }));

  test('the slider by mouse and by its own keys; buttons', () => inWindow(server, {}, async (view) => {
    await slowly(view);
    await open(view, shares.medium);
    const last = Number(await view.page.locator('.tape').getAttribute('aria-valuemax')), box = await view.page.locator('.tape').boundingBox();
    await view.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await view.page.mouse.down();
    const middle = await settled(view);
    assert.ok(Math.abs(middle - last / 2) <= 1, `the middle of ${last}: ${middle}`);
    await view.page.mouse.move(box.x + 3, box.y + box.height / 2, { steps: 5 });
    await view.page.mouse.up();
    await shows(view, 1);
    await view.page.locator('.tape').focus();
    await view.page.keyboard.press('End');
    await shows(view, last);
    await view.page.keyboard.press('Home');
    await shows(view, 1);
    await view.page.locator('.forth').click();
    await shows(view, 2);
    await view.page.locator('.back').click();
    await shows(view, 1);
    await view.page.locator('.state').click();
    await shows(view, last);
  }));

  for (const name of ['kinds', 'medium', 'stream']) {
    test(`${name}: stepping all the way on and back gives the same pages, which are those of ?at=`, () => inWindow(server, {}, async (view) => {
      const id = shares[name];
      await open(view, id);
      const live = await picture(view), last = await settled(view), on = [];
      assert.equal(await press(view, '0'), 1);
      on[1] = await picture(view);
      for (let seq = 2; seq <= last; seq++) {
        assert.equal(await press(view, '.'), seq);
        on[seq] = await picture(view);
      }
      assertSame(on[last], live, 'stepped to the end');
      for (let seq = last - 1; seq >= 1; seq--) {
        assert.equal(await press(view, ','), seq);
        assertSame(await picture(view), on[seq], `stepped back to ${seq}`);
      }
      await inWindow(server, {}, async (fresh) => {
        for (let seq = 1; seq <= last; seq++) {
          await fresh.go(`/share/${id}?at=${seq}`);
          assertSame(on[seq], await picture(fresh), `event ${seq} against ?at=${seq}`);
        }
      });
    }));
  }

  test('20 random moments are the page of ?at= loaded fresh', async (t) => {
    const below = random(), names = ['long', 'long', 'kinds', 'stream', 'medium'];
    t.diagnostic(`SL_TEST_SEED=${process.env.SL_SEED}`);
    const fresh = await openWindow(server);
    try {
      for (let n = 0; n < 20; ) {
        const id = shares[names[below(names.length)]];
        await inWindow(server, {}, async (view) => {
          await open(view, id);
          const box = await view.page.locator('.tape').boundingBox(), way = [];
          for (const end = n + 5; n < end; n++) {
            for (let hop = below(3); hop >= 0; hop--) {
              const move = below(5), some = 1 + below(4);
              if (move === 0) await view.page.keyboard.press(way[way.push(String(below(10))) - 1]);
              else if (move < 3) for (let i = 0; i < some; i++) await view.page.keyboard.press(way[way.push(',.[]'[below(4)]) - 1]);
              else await view.page.mouse.click(box.x + 2 + (way[way.push(below(1000)) - 1] / 1000) * (box.width - 4), box.y + box.height / 2);
            }
            // Keys that are pressed while the tape is asked for act a moment later.
            const seq = await untilStill(view);
            await fresh.go(`/share/${id}?at=${seq}`);
            assertSame(await picture(view), await picture(fresh), `${id} at ${seq}, by ${way.join(' ')}`);
          }
        });
      }
      await fresh.clean();
    } finally {
      await fresh.close();
    }
  });

  test('a moment in the past is left by what its address says, and can be loaded by it', () => inWindow(server, {}, async (view) => {
    await open(view, shares.kinds);
    await press(view, '0');
    const seq = await press(view, '.');
    await view.page.waitForURL((url) => url.searchParams.get('at') === String(seq));
    const then = await picture(view);
    await view.page.reload();
    assert.equal(await settled(view), seq);
    assertSame(await picture(view), then, 'loaded by its address');
    const from = await view.page.locator('.state').textContent();
    assert.equal(from, 'Go to now');
    await view.page.locator('.state').click();
    await view.page.locator('.state.live').waitFor();
  }));

  test('there is no moment before the first', async () => {
    for (const query of ['from=0&to=1', 'from=1&to=0', 'from=1&to=9999'])
      assert.equal((await get(server, `/share/${shares.kinds}/update?${query}`)).status, 404, query);
    assert.equal((await get(server, `/share/${shares.kinds}/update?from=1`)).status, 400);
  });

  test('a jump to the end ends at the end, however tall what comes into view is', () => inWindow(server, { reducedMotion: 'no-preference' }, async (view) => {
    await open(view, shares.long);
    const fromEnd = () => view.eval(() => document.documentElement.scrollHeight - innerHeight - scrollY);
    for (const key of ['n', '1', 'n']) {
      await view.eval(() => scrollTo({ top: 0, behavior: 'instant' }));
      await press(view, key);
      if (key === 'n') await until('at the end', async () => (await fromEnd()) < 2);
    }
    assert.ok(await view.eval(() => scrollY > 10_000));
    // What grows after that while nobody touches anything is the live test's; a reader who scrolls is let go.
    await view.page.keyboard.press('n');
    await view.page.mouse.move(400, 300);
    await view.page.mouse.wheel(0, -600);
    await until('let go', async () => (await fromEnd()) > 300);
    await view.eval(async () => { for (let i = 0; i < 30; i++) await new Promise(requestAnimationFrame); });
    assert.ok((await fromEnd()) > 300, 'not pulled back');
  }));

  test('s: differences side by side, on each page that has some, and nowhere in a narrow window', () => inWindow(server, { width: 1600, height: 1000 }, async (view) => {
    const on = () => view.eval(() => document.documentElement.classList.contains('sides'));
    for (const where of [`/share/${shares.medium}`, `/share/${shares.medium}/history/6`, `/share/${shares.medium}/compare?from=2&to=8`]) {
      await view.go(where);
      const button = view.page.locator('.sides-switch');
      assert.equal(await button.isVisible(), true, where);
      await view.page.locator('.diff-lines:visible').first().scrollIntoViewIfNeeded();
      const narrow = await view.eval(() => document.querySelector('main').getBoundingClientRect().width);
      await view.page.keyboard.press('s');
      await view.page.locator('.diff-sides').first().waitFor({ state: 'attached' });
      assert.equal(await button.getAttribute('aria-pressed'), 'true', where);
      assert.ok((await view.eval(() => document.querySelector('main').getBoundingClientRect().width)) > narrow, `${where} takes more room`);
      await view.page.keyboard.press('s');
      await until('one column again', async () => !(await on()));
      assert.equal(await view.page.locator('.diff-sides').count(), 0);
    }
    await view.page.setViewportSize({ width: 1000, height: 800 });
    await view.page.keyboard.press('s');
    assert.equal(await on(), false);
    // In a field it is a letter.
    await view.page.setViewportSize({ width: 1600, height: 1000 });
    await view.page.locator('input[name=from]').focus();
    await view.page.keyboard.press('s');
    assert.equal(await on(), false);
  }));
});

/** The page shows what it was asked for, and nothing asks for more. */
async function untilStill(view) {
  let seq = await settled(view);
  await until('the player is still', async () => {
    const was = seq;
    await view.eval(() => new Promise((done) => setTimeout(done, 60)));
    return (seq = await settled(view)) === was;
  });
  return seq;
}
