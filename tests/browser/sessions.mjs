// The owner's list: the way in, searching, taking down, the way out. With JavaScript and without.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { batches, get, openClient, openServer } from './support/server.mjs';
import { server, shares } from './support/world.mjs';

const expected = [/^console: Failed to load resource: the server responded with a status of 401 /];

/** A share with a title and a directory of its own. */
async function titled(title, directory) {
  const client = await openClient(server), [first] = batches('short');
  await client.sync(first.map((item) => (item.type === 'session' ? { ...item, data: { ...item.data, title, directory } } : item)));
  return client;
}

const titles = ({ page }) => page.locator('table.sessions tbody tr a[href^="/share/"]:not([href$="history"])').allTextContents();

describe('sessions', () => {
  for (const script of [true, false]) {
    const how = script ? 'with JavaScript' : 'without JavaScript';

    test(`log in by link, search, take down, log out ${how}`, () => inWindow(server, { script, expected }, async (view) => {
      const key = (await server.command('owner-key')).trim(), name = `Zebra ${how} <b>x</b>`;
      const client = await titled(name, `/home/somebody/zoo-${script}`);
      assert.equal(await view.go('/sessions'), 401);
      assert.equal(await view.page.locator('table.sessions').count(), 0);

      await view.go(`/sessions?key=${key}`);
      await view.page.waitForURL(`${server.url}/sessions`); // the key is out of the address
      await view.page.locator('table.sessions').waitFor();
      const [cookie] = await view.context.cookies();
      assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict', 'no script and no other site gets the cookie');
      assert.ok(!cookie.value.includes(key), 'the cookie is not the key');
      const all = await titles(view);
      assert.equal(all[0], name, 'newest first');
      assert.ok(all.length > Object.keys(shares).length);

      for (const query of ['zEBRA', `zoo-${script}`, '<b>x']) {
        await view.page.fill('input[name=q]', query);
        await view.page.click('form[role=search] button');
        await view.page.waitForURL(/\?q=/);
        assert.ok((await titles(view)).includes(name), `found by ${query}`);
        assert.equal(await view.page.locator('input[name=q]').inputValue(), query);
      }
      await view.page.fill('input[name=q]', 'nothing has this title');
      await view.page.click('form[role=search] button');
      await view.page.waitForURL(/nothing/);
      assert.deepEqual(await titles(view), []);

      // Asked, and left alone.
      await view.go('/sessions');
      const row = view.page.locator('tr', { hasText: name });
      await row.getByText('Take down').click();
      await view.page.waitForURL(/\/remove$/);
      assert.ok((await view.page.locator('main').textContent()).includes(name), 'it says which');
      await view.page.getByText('Leave it').click();
      await view.page.waitForURL(`${server.url}/sessions`);
      assert.equal((await get(server, client.page)).status, 200);
      // Asked, and done.
      await view.page.locator('tr', { hasText: name }).getByText('Take down').click();
      await view.page.waitForURL(/\/remove$/);
      await view.page.fill('input[name=reason]', 'a <b>password</b>');
      await view.page.getByRole('button', { name: 'Take it down' }).click();
      await view.page.waitForURL(`${server.url}/sessions`);
      assert.ok(!(await titles(view)).includes(name), 'gone from the list');
      assert.equal((await get(server, client.page)).status, 410);

      await view.page.getByRole('button', { name: 'Log out' }).click();
      await view.page.waitForURL(`${server.url}/sessions`);
      await view.page.locator('form.sign-in').waitFor();
      assert.deepEqual((await view.context.cookies()).filter(({ value }) => value), []);
      assert.equal(await view.go('/sessions'), 401);
    }));

    test(`log in by the form ${how}`, () => inWindow(server, { script, expected }, async (view) => {
      await view.go('/sessions');
      await view.page.fill('input[name=key]', 'not the key');
      await view.page.click('form.sign-in button');
      await view.page.getByText('not the owner key').waitFor();
      await view.page.fill('input[name=key]', (await server.command('owner-key')).trim());
      await view.page.click('form.sign-in button');
      await view.page.locator('table.sessions').waitFor();
    }));
  }

  test('another site can neither log out nor take down', () => inWindow(server, { expected: [...expected, /status of 403/, /request to elsewhere: http:\/\/other\.invalid/, /form-action/] }, async (view) => {
    const client = await titled('Kept', '/home');
    await view.go(`/sessions?key=${(await server.command('owner-key')).trim()}`);
    await view.page.locator('table.sessions').waitFor();
    await view.context.route('http://other.invalid/**', (route) => route.fulfill({ contentType: 'text/html', body: `<form method=post action="${server.url}/sessions/${client.id}/remove"><input name=reason value=x><button>Win</button></form>` }));
    await view.page.goto('http://other.invalid/');
    await view.page.click('button');
    await view.page.waitForURL(`${server.url}/**`);
    assert.equal((await get(server, client.page)).status, 200, 'still there');
  }));

  test('live sessions are marked; the list is wide for no phone', () => inWindow(server, { width: 390, height: 844, isMobile: true }, async (view) => {
    await titled('Just now', '/home');
    await view.go(`/sessions?key=${(await server.command('owner-key')).trim()}`);
    await view.page.locator('table.sessions').waitFor();
    assert.match(await view.page.locator('table.sessions tbody tr').first().textContent(), /live/i);
    const wide = await view.eval(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px wider than the screen`);
  }));

  test('--public-index shows the list and nothing else of the owner', async () => {
    const open = await openServer('public', '--public-index');
    try {
      await open.send('short');
      await inWindow(open, { expected }, async (view) => {
        assert.equal(await view.go('/sessions'), 200);
        assert.equal((await titles(view)).length, 1);
        assert.equal(await view.page.getByText('Take down').count(), 0);
        assert.equal(await view.page.getByText('Log out').count(), 0);
      });
    } finally {
      await open.stop();
    }
  });
});
