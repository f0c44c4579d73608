// Makes store.json: drives a server once and keeps what it served. node tests/vectors/freeze.mjs build/release/sharelog OUTPUT
// Salts, nonces, the signing key and the time are the server's own, so another run gives another file. The file of format 1 stays as it is:
// later versions must go on accepting it. A later format gets a file of its own beside it.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { answer, bundle } from '../verifier/verifier.mjs';
import { text } from './make.mjs';

const [binary, output] = process.argv.slice(2);
if (!output) throw new Error('usage: node tests/vectors/freeze.mjs SHARELOG_BINARY OUTPUT');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sharelog-freeze-')), data = path.join(folder, 'data');
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHARELOG_|SESSIONS_)/.test(name)));
const server = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => {
  server.kill('SIGKILL'); // its store goes too
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
const url = await new Promise((found) => {
  let printed = '';
  server.stdout.on('data', (piece) => {
    printed += piece;
    const line = /^listening on (\S+)$/m.exec(printed);
    if (line) found(line[1]);
  });
});

function sharelog(...args) {
  const { status, stdout, stderr } = spawnSync(binary, [...args, '--data', data], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`sharelog ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}
const version = spawnSync(binary, ['version'], { env, encoding: 'utf8' }).stdout.split('\n')[0];
const log = sharelog('log-key'), owner = sharelog('owner-key');

async function request(method, where, body, authorization = `Bearer ${owner}`) {
  const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) };
  const reply = await fetch(url + where, { method, headers, body });
  const bytes = Buffer.from(await reply.arrayBuffer());
  if (reply.status !== 200) throw new Error(`${method} ${where}: ${reply.status} ${bytes}`);
  return bytes;
}
const create = async (sessionID) => JSON.parse(await request('POST', '/api/share', JSON.stringify({ sessionID })));
const sync = ({ id, secret }, items) => request('POST', `/api/share/${id}/sync`, `{"secret":"${secret}","data":${items}}`);

// ---- what is kept ----

const words = (value) => typeof value === 'bigint' || typeof value === 'number' ? `${value}` : value;
async function kept(name, { id }) {
  const bytes = await request('GET', `/api/share/${id}/bundle`);
  const { first, last, logSize, root, removed, ...said } = bundle(bytes, log);
  return { name, bundle: bytes.toString('base64'), verdict: 'accepted', ...Object.fromEntries(Object.entries(said).map(([key, value]) => [key, words(value)])),
    first: words(first), last: words(last), removed: removed && { time: words(removed.time), by: words(removed.by) }, log_size: words(logSize), root: root.toString('hex') };
}
async function keptAnswer(name, { id }, sequence) {
  const where = `/api/share/${id}/events/${sequence}`, event = await request('GET', where), proof = await request('GET', `${where}/proof`);
  const { share, content, logSize, ...said } = answer(event, proof, log);
  return { name, event: event.toString('base64'), proof: proof.toString(), verdict: 'accepted',
    ...Object.fromEntries(Object.entries(said).map(([key, value]) => [key, words(value)])), share, content, log_size: words(logSize) };
}

// ---- four shares ----

const live = await create('ses_vectorslive0001'), redacted = await create('ses_vectorsredacted2');
const removed = await create('ses_vectorsremoved03'), down = await create('ses_vectorsdown00004');
for (const share of [live, redacted, removed, down])
  await sync(share, '[{"type":"session","data":{"id":"ses_1","title":"A session","time":{"created":1700000000000}}},{"type":"message","data":{"id":"msg_1","role":"user","sessionID":"ses_1"}},'
    + '{"type":"part","data":{"id":"prt_1","messageID":"msg_1","type":"text","text":"the word is swordfish"}}]');
await sync(live, '[{"type":"part","data" : { "id":"prt\\u002f2", "messageID":"msg_%","text":"\\ud800 é" } },{"type":"todo\\ud800","data":[ 1, 2 ]},{"type":"session_diff","data":[]}]');
await sync(live, '[]');
await sync(redacted, '[{"type":"part","data":{"id":"prt_1","messageID":"msg_1","type":"text","text":"swordfish, and the key is hunter2hunter2","more":"hunter2hunter2"}}]');
await sync(redacted, '[{"type":"part","data":{"id":"prt_2","messageID":"msg_1","type":"tool","state":{"title":"swordfish","output":"hunter2hunter2"}}}]');
const early = await keptAnswer('a sync, from before its share was removed', removed, 2);
sharelog('redact', redacted.id, '--text', 'swordfish', '--reason', 'a word', '--yes');
sharelog('redact', redacted.id, '--text', 'hunter2hunter2', '--reason', 'a key', '--yes');
await sync(redacted, '[{"type":"part","data":{"id":"prt_3","messageID":"msg_1","type":"text","text":"swordfish again"}}]');
await request('DELETE', `/api/share/${removed.id}`, JSON.stringify({ secret: removed.secret }), '');
sharelog('rm', down.id, '--reason', 'spam', '--yes');
sharelog('allow', 'ses_vectorsdown00004');

const bundles = [await kept('live', live), await kept('redacted twice, the second time the first redact event too', redacted),
  await kept('removed with its secret', removed), await kept('taken down by the owner, and allowed', down)];
const answers = [early];
for (const [name, share] of Object.entries({ live, redacted, removed, down }))
  for (const { seq } of JSON.parse(await request('GET', `/api/share/${share.id}/events`)).events) answers.push(await keptAnswer(`${name}: event ${seq}`, share, seq));
fs.writeFileSync(output, text({
  about: `Bundles and answers as a store of format 1 served them (${version}), with the verifier key of its log. Made once by freeze.mjs, and kept as they were.`,
  log, bundles, answers }));
process.exit();
