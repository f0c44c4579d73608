// The real client against a started server. README.md in this folder says how it is set up; `run` starts it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { exported, openHome } from './support/opencode.mjs';
import { openProvider, TITLE } from './support/provider.mjs';
import { agentView, dataView, get, openServer, sharelog } from './support/sharelog.mjs';
import { openTap } from './support/tap.mjs';
import { until, untilQuiet } from './support/wait.mjs';

const { SL_BIN, SL_OPENCODE, SL_SCRATCH } = process.env;
const store = path.join(SL_SCRATCH, 'store');

const GREETING = 'Hello \u{1f44b} <b>not bold</b> "quoted" \\back\\ \u0000 nul, \u202e bidi, \u001b[31m escape';
const GATE = 'gate'; // a tool of the turn "wait at the gate" ends once this file is in the project

let server, tap, provider, plain, keyed, ownerKey, clientKey;

/** A home whose client shares through the tap; `options` is {share, under}, `under` being a path in the server's URL. */
const home = (name, { share = 'manual', under = '' } = {}) =>
  openHome(SL_OPENCODE, path.join(SL_SCRATCH, name), { provider: provider.url, share, enterprise: tap.url + under });

async function printedKey(command) {
  const { exit, stdout, stderr } = await sharelog(SL_BIN, store, command);
  assert.equal(exit.code, 0, `sharelog ${command}: ${stderr}`);
  const key = stdout.trim();
  assert.match(key, /^\S+$/, `sharelog ${command} prints one key`);
  return key;
}

before(async () => {
  assert.ok(SL_BIN && SL_OPENCODE && SL_SCRATCH, 'start me with tests/client/run');
  provider = await openProvider();
  provider.script('say hello', [{ text: GREETING }]);
  provider.script('list the files', [
    { reasoning: 'I should look first.', text: 'Let me look.', tool: 'bash', args: { command: 'ls; echo "<&>"', description: 'List files' } },
    { text: 'There is one file.' },
  ]);
  provider.script('change the files', [
    { tool: 'write', args: { filePath: 'new.txt', content: 'written by the client tests\n' } },
    { tool: 'edit', args: { filePath: 'list.txt', oldString: 'two', newString: 'TWO' } },
    { text: 'Both are changed.' },
  ]);
  provider.script('run into an error', [
    { tool: 'edit', args: { filePath: 'missing.txt', oldString: 'a', newString: 'b' } },
    { text: 'That did not work.' },
  ]);
  provider.script('wait at the gate', [
    { tool: 'bash', args: { command: `for i in $(seq 3000); do [ -e ${GATE} ] && break; echo waiting; sleep 0.2; done`, description: 'Wait' } },
    { text: 'The gate is open.' },
  ]);
  server = await openServer(SL_BIN, store);
  tap = await openTap(server.url);
  [ownerKey, clientKey] = [await printedKey('owner-key'), await printedKey('client-key')];
  plain = await home('plain');
  keyed = await home('keyed', { under: `/k/${clientKey}` });
  await Promise.all([plain.serve(), keyed.serve()]);
}, { timeout: 3_600_000 });

after(async () => {
  await Promise.allSettled([plain?.stop(), keyed?.stop()]);
  await Promise.allSettled([server?.stop(), tap?.close(), provider?.close()]);
});

// ---- what the tap saw ----

const isCreate = (exchange) => exchange.method === 'POST' && /\/api\/share$/.test(exchange.path) && exchange.body !== null;
const createsOf = (session) => tap.exchanges.filter((exchange) => isCreate(exchange) && JSON.parse(exchange.body).sessionID === session);
const of = (share) => tap.exchanges.filter((exchange) => exchange.path.includes(`/api/share/${share}/`) || exchange.path.endsWith(`/api/share/${share}`));
const syncsOf = (share) => of(share).filter((exchange) => exchange.method === 'POST' && exchange.path.endsWith('/sync'));
const typesOf = (exchange) => JSON.parse(exchange.body).data.map((item) => item.type);

/** What the server answered to a session's newest create: {id, url, secret}. */
function credentialsOf(session) {
  const create = createsOf(session).at(-1);
  assert.equal(create?.status, 200, `create is answered: ${create?.answer}`);
  const credentials = JSON.parse(create.answer);
  for (const name of ['id', 'url', 'secret']) assert.equal(typeof credentials[name], 'string', `create answers with ${name}`);
  assert.ok(new URL(credentials.url).pathname.endsWith(`/share/${credentials.id}`), `${credentials.url} is a link to ${credentials.id}`);
  assert.ok(!credentials.url.includes(clientKey), 'a link for viewers has no key in it');
  return credentials;
}

/** Share a session and return its credentials, after the client has sent the whole session. */
async function share(client, session) {
  const answer = await client.share(session);
  const credentials = credentialsOf(session);
  assert.equal(answer.share.url, credentials.url, 'the client shows the link that the server gave');
  await until('the first batch is answered', () => syncsOf(credentials.id).some((sync) => sync.status !== null && typesOf(sync).includes('session')));
  return credentials;
}

/** A new session with one turn behind it. */
async function begin(client) {
  const { id } = await client.newSession();
  await client.prompt(id, 'say hello');
  return id;
}

// ---- what must hold of any share ----

/**
 * Wait until the client has nothing more to say, then: every sync was answered with 200 and carried this share's
 * secret, the server counts as many, and both views say what `opencode export` says. Gives the export's file.
 */
async function agrees(client, session, { id, secret }) {
  let file;
  await until(`share ${id} equals the client's export`, async () => {
    await untilQuiet(`share ${id}`, tap.exchanges);
    file = await client.export(session);
    const told = exported(file);
    if (syncsOf(id).some((sync) => sync.status === null)) return false;
    return isDeepStrictEqual(await dataView(server.url, id), told) && isDeepStrictEqual(await agentView(server.url, id), told);
  }).catch((error) => {
    if (!file) throw error; // else what differs is said below, at length
  });
  const told = exported(file);
  assert.deepEqual(await dataView(server.url, id), told, '/api/share/ID/data equals the export');
  assert.deepEqual(await agentView(server.url, id), told, '/api/share/ID equals the export');

  // One more batch may be on its way, with nothing new in it: the counts are compared while none is.
  let syncs, metadata;
  await until('the server counts the batches that were sent', async () => {
    ({ metadata } = (await get(server.url, `/api/share/${id}`)).json);
    syncs = syncsOf(id);
    return metadata.syncCount === syncs.length && syncs.every((sync) => sync.status !== null);
  });
  assert.ok(syncs.length > 0);
  for (const sync of syncs) {
    assert.equal(sync.status, 200, `a sync was answered ${sync.status}: ${sync.answer}`);
    assert.equal(JSON.parse(sync.body).secret, secret, 'one share, one secret');
  }
  assert.equal(metadata.sessionID, session);
  for (const where of [`/api/share/${id}`, `/api/share/${id}/data`, `/api/share/${id}/metadata`]) {
    assert.ok(!(await get(server.url, where)).text.includes(secret), `${where} tells the secret`);
  }
  return file;
}

/** Ids of the live shares of a session, as the operator sees them. */
async function sharesOf(session) {
  const answer = await fetch(`${server.url}/api/sessions`, { headers: { authorization: `Bearer ${ownerKey}` }, signal: AbortSignal.timeout(600_000) });
  assert.equal(answer.status, 200);
  return (await answer.json()).sessions.filter((entry) => entry.sessionID === session).map((entry) => entry.id);
}

async function isGone(id) {
  for (const where of [`/api/share/${id}/data`, `/api/share/${id}`, `/api/share/${id}/metadata`]) {
    const { status, text, json } = await get(server.url, where);
    assert.equal(status, 404, `${where} of a removed share: ${text.slice(0, 200)}`);
    assert.equal(typeof json?.error, 'string', `${where} says so in JSON`);
  }
}

const partsOf = (view, type) => Object.values(view.parts).filter((part) => part.type === type);

describe('the real client', { timeout: 3_600_000 }, () => {
  test('shares a session: create, then everything in one batch', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    assert.equal(credentials.id, session.slice(-8), 'the id is the last 8 characters of the session id');
    const [first] = syncsOf(credentials.id);
    for (const type of ['session', 'message', 'part', 'session_diff', 'model']) assert.ok(typesOf(first).includes(type), `the first batch has a ${type}`);
    const told = exported(await agrees(plain, session, credentials));
    assert.ok(partsOf(told, 'text').some((part) => part.text === GREETING), 'odd characters survive');
    assert.equal(told.session[0].share.url, credentials.url);
    const { models } = (await get(server.url, `/api/share/${credentials.id}`)).json;
    assert.deepEqual(models.map((model) => `${model.providerID}/${model.id}`), ['fake/fake-1']);
    assert.deepEqual(await sharesOf(session), [credentials.id]);
  });

  test('prompts with tools and edits in a git project reach the share', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    for (const prompt of ['list the files', 'change the files', 'run into an error', 'say hello once more']) await plain.prompt(session, prompt);
    const view = exported(await agrees(plain, session, credentials));
    const tools = partsOf(view, 'tool').map((part) => `${part.tool} ${part.state.status}`).sort();
    assert.deepEqual(tools, ['bash completed', 'edit completed', 'edit error', 'write completed']);
    assert.ok(partsOf(view, 'reasoning').length === 1 && partsOf(view, 'patch').length > 0);
    const diffs = Object.values(view.messages).flatMap((message) => message.summary?.diffs ?? []).map((diff) => diff.file).sort();
    assert.deepEqual(diffs, ['list.txt', 'new.txt'], 'the turn that edited has its diffs');
    assert.equal(view.session[0].title, TITLE);
  });

  test('a running tool is sent while it runs, and each version overwrites the one before', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    const statesOf = (sync) => JSON.parse(sync.body).data.filter((item) => item.type === 'part' && item.data.type === 'tool').map((item) => item.data.state.status);
    const turn = plain.prompt(session, 'wait at the gate');
    const running = () => syncsOf(credentials.id).filter((sync) => sync.status !== null && statesOf(sync).includes('running'));
    await until('the running tool is sent twice', () => running().length >= 2).finally(() => fs.writeFileSync(path.join(plain.project, GATE), ''));
    await turn;
    fs.rmSync(path.join(plain.project, GATE));
    const [tool] = partsOf(exported(await agrees(plain, session, credentials)), 'tool');
    assert.equal(tool.state.status, 'completed');
  });

  test('`opencode run` with share: "auto" creates twice and ends up with one share', async () => {
    const auto = await home('auto', { share: 'auto' });
    const before = tap.exchanges.length;
    const ours = () => tap.exchanges.slice(before);
    const run = auto.run('wait at the gate');
    await until('a batch of the run is answered', () => ours().some((exchange) => exchange.path.endsWith('/sync') && exchange.status !== null))
      .finally(() => fs.writeFileSync(path.join(auto.project, GATE), ''));
    const { exit, stderr } = await run;
    assert.equal(exit.code, 0, stderr);
    await until('all that the run sent is answered', () => ours().every((exchange) => exchange.status !== null));

    const creates = ours().filter(isCreate);
    assert.equal(creates.length, 2, 'the client creates twice');
    const [first, second] = creates.map((create) => JSON.parse(create.answer));
    assert.deepEqual(second, first, 'both creates get the same credentials');
    const session = JSON.parse(creates[0].body).sessionID;
    assert.deepEqual(await sharesOf(session), [first.id]);
    for (const sync of ours().filter((exchange) => exchange.path.endsWith('/sync'))) {
      assert.deepEqual([sync.path, JSON.parse(sync.body).secret, sync.status], [`/api/share/${first.id}/sync`, first.secret, 200]);
    }
    // `run` exits before its last flush, so of the turn only what was sent can be there: the session and its prompt.
    const view = await dataView(server.url, first.id);
    const told = exported(await auto.export(session));
    assert.equal(view.session[0].id, session);
    const [user] = Object.values(told.messages).filter((message) => message.role === 'user');
    assert.equal(view.messages[user.id]?.role, 'user');
  });

  test('`opencode serve` with share: "auto" shares a session by itself', async () => {
    const auto = await home('auto-serve', { share: 'auto' });
    await auto.serve();
    try {
      const session = await begin(auto);
      await until('the session is shared', async () => (await auto.session(session)).share?.url);
      const credentials = credentialsOf(session);
      for (const create of createsOf(session)) assert.deepEqual(JSON.parse(create.answer), credentials);
      await agrees(auto, session, credentials);
      assert.deepEqual(await sharesOf(session), [credentials.id]);
    } finally {
      await auto.stop();
    }
  });

  test('sharing again forgets the old secret: a second share of its own, the first one left as it was', async () => {
    const session = await begin(plain);
    const first = await share(plain, session);
    await agrees(plain, session, first);
    const old = (await get(server.url, `/api/share/${first.id}/data`)).text;
    const second = await share(plain, session);
    assert.notEqual(second.id, first.id, 'no key, so the share in use is not handed out');
    assert.ok(second.id.startsWith(`${first.id}-`), second.id);
    assert.notEqual(second.secret, first.secret);
    await plain.prompt(session, 'list the files');
    await agrees(plain, session, second);
    assert.equal((await get(server.url, `/api/share/${first.id}/data`)).text, old);
    assert.deepEqual((await sharesOf(session)).sort(), [first.id, second.id].sort());
  });

  test('with the client key in its URL, another home recovers the share that was made with it, and wipes nothing', async () => {
    const first = await home('first-keyed', { under: `/k/${clientKey}` });
    let session, credentials, file;
    await first.serve();
    try {
      session = await begin(first);
      credentials = await share(first, session);
      await first.prompt(session, 'change the files');
      file = await agrees(first, session, credentials);
    } finally {
      await first.stop();
    }
    const old = await dataView(server.url, credentials.id);

    // The same session in a home that has never heard of the share.
    assert.match(await keyed.import(file), /Imported session: /);
    assert.deepEqual(await share(keyed, session), credentials, 'the same id, link and secret');
    assert.equal(createsOf(session).at(-1).path, `/k/${clientKey}/api/share`);
    const now = await dataView(server.url, credentials.id);
    assert.deepEqual([now.messages, now.parts], [old.messages, old.parts], 'what was there is there');

    await keyed.prompt(session, 'list the files');
    const told = exported(await agrees(keyed, session, credentials));
    assert.ok(Object.keys(old.parts).every((id) => id in told.parts) && told.counts[1] > old.counts[1]);
    const ofKeyed = syncsOf(credentials.id).filter((sync) => JSON.parse(sync.body).data.some((item) => item.type === 'part' && !(item.data.id in old.parts)));
    assert.ok(ofKeyed.length > 0 && ofKeyed.every((sync) => sync.path.startsWith(`/k/${clientKey}/`)), 'every batch of the new turn carries the key');
    assert.deepEqual(await sharesOf(session), [credentials.id]);

    await keyed.unshare(session);
    assert.deepEqual(of(credentials.id).filter((exchange) => exchange.method === 'DELETE').map((exchange) => exchange.status), [200]);
    await isGone(credentials.id);
  });

  test('a key URL that ends in a slash works too', async () => {
    const slash = await home('slash', { under: `/k/${clientKey}/` });
    await slash.serve();
    try {
      const session = await begin(slash);
      const first = await share(slash, session);
      assert.equal(createsOf(session)[0].path, `/k/${clientKey}//api/share`);
      assert.deepEqual(await share(slash, session), first, 'sharing again recovers');
      await agrees(slash, session, first);
    } finally {
      await slash.stop();
    }
  });

  test('a share is imported into a second home', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    await plain.prompt(session, 'list the files');
    await plain.prompt(session, 'say hello again');
    const theirs = exported(await agrees(plain, session, credentials));

    const second = await home('second');
    assert.match(await second.import(credentials.url), new RegExp(`Imported session: ${session}`));
    const ours = exported(await second.export(session));
    assert.deepEqual([ours.messages, ours.parts, ours.counts], [theirs.messages, theirs.parts, theirs.counts]);
    // Where a session lies is the importing home's own affair.
    const elsewhere = ({ projectID, directory, path, ...info }) => info;
    assert.deepEqual(ours.session.map(elsewhere), theirs.session.map(elsewhere));
  });

  test('a share that was redacted is imported all the same, and a text sent again is redacted again', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    await plain.prompt(session, 'say hello again');
    const theirs = exported(await agrees(plain, session, credentials));
    const { exit, stderr } = await sharelog(SL_BIN, store, 'redact', credentials.id, '--text', 'hello again', '--reason', 'a test', '--yes');
    assert.equal(exit.code, 0, stderr);

    const second = await home('redacted');
    assert.match(await second.import(credentials.url), new RegExp(`Imported session: ${session}`));
    const file = await second.export(session), ours = exported(file);
    assert.deepEqual(ours.counts, theirs.counts);
    assert.deepEqual([Object.keys(ours.messages), Object.keys(ours.parts)], [Object.keys(theirs.messages), Object.keys(theirs.parts)]);
    assert.ok(!fs.readFileSync(file, 'utf8').includes('hello again'));

    await plain.prompt(session, 'say hello again');
    const { parts: wanted } = exported(await plain.export(session));
    assert.ok(Object.keys(wanted).length > Object.keys(theirs.parts).length, 'there is something to send');
    const { messages, parts } = await until('all of it is sent', async () => {
      const view = await dataView(server.url, credentials.id);
      return Object.keys(wanted).every((part) => part in view.parts) && view;
    });
    assert.ok(!JSON.stringify([messages, parts]).includes('hello again'));
  });

  test('unsharing removes the share, nothing is sent after it, and sharing again gets a new link', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    await agrees(plain, session, credentials);
    await plain.unshare(session);
    const [remove, ...more] = of(credentials.id).filter((exchange) => exchange.method === 'DELETE');
    assert.deepEqual([remove?.status, more.length], [200, 0]);
    assert.deepEqual(JSON.parse(remove.body), { secret: credentials.secret });
    await isGone(credentials.id);
    assert.deepEqual(await sharesOf(session), []);

    const before = tap.exchanges.length;
    await plain.prompt(session, 'list the files');
    await untilQuiet('after unsharing', tap.exchanges);
    assert.equal(tap.exchanges.length, before, 'an unshared session sends nothing');

    const second = await home('too-late');
    assert.doesNotMatch(await second.import(credentials.url), /Imported session: /);

    const again = await share(plain, session);
    assert.notEqual(again.id, credentials.id, 'an id once removed is never given again');
    await agrees(plain, session, again);
    await isGone(credentials.id);
  });

  test('a server that is killed and started again goes on where it was', async () => {
    const session = await begin(plain);
    const credentials = await share(plain, session);
    await agrees(plain, session, credentials);
    const old = (await get(server.url, `/api/share/${credentials.id}/data`)).text;
    await server.kill();
    server = await openServer(SL_BIN, store);
    tap.target = server.url;
    assert.equal((await get(server.url, `/api/share/${credentials.id}/data`)).text, old);
    await plain.prompt(session, 'list the files');
    await agrees(plain, session, credentials);
  });

  test('in the end no request has failed, the server stops in order and its store verifies', async () => {
    const failed = tap.exchanges.filter(({ method, status }) => status !== 200 && method !== 'GET');
    assert.deepEqual(failed.map(({ method, path, status, answer }) => ({ method, path, status, answer })), []);
    assert.deepEqual(provider.faults, [], 'the model was asked nothing unforeseen');
    await Promise.all([plain.stop(), keyed.stop()]);
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr());
    const { exit, stdout, stderr } = await sharelog(SL_BIN, store, 'verify');
    assert.equal(exit.code, 0, stdout + stderr);
  });
});
