// What a server serves of its log, held against a verifier that shares no code with it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Reader, packArray, packBin, packStr } from './record.mjs';
import { Edge, cover } from './tree.mjs';
import * as verifier from './verifier.mjs';

const { SL_BIN, SL_SCRATCH } = process.env;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHARELOG_|SESSIONS_)/.test(name)));
const captures = fileURLToPath(new URL('../captures', import.meta.url));
const data = path.join(SL_SCRATCH, 'data');
let server, url, key, head, policy, owner, sent = 0;
const shares = {};

function sharelog(...args) {
  const { status, stdout, stderr } = spawnSync(SL_BIN, [...args, '--data', data], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(status, 0, `sharelog ${args.join(' ')}: ${stderr}`);
  return stdout;
}
async function fetched(where, options) {
  const answer = await fetch(url + where, options);
  assert.equal(answer.status, 200, `${where}: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}
const get = (where) => fetched(`/log/${where}`, { headers: { authorization: `Bearer ${owner}` } });
const bundleOf = (id) => fetched(`/api/share/${id}/bundle`);
const signed = async () => verifier.checkpoint(await fetched('/log/checkpoint'), key);

before(async () => {
  server = spawn(SL_BIN, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  url = await new Promise((found) => {
    let printed = '';
    server.stdout.on('data', (piece) => {
      printed += piece;
      const line = /^listening on (\S+)$/m.exec(printed);
      if (line) found(line[1]);
    });
  });
  [key, head] = sharelog('log-key').trim().split('\n');
  policy = { log: key, head };
  owner = sharelog('owner-key').trim();
  for (const name of ['short', 'medium', 'kinds', 'stream', 'long', 'long', 'long', 'long']) { // more than 256 events
    const { urls } = JSON.parse(sharelog('send', path.join(captures, `${name}.jsonl`), '--speed', 'max', '--json'));
    shares[name] = urls[0].split('/').pop();
    sent += urls.length;
  }
});
after(() => server?.kill());

test('the checkpoint is signed, and its root is that of the tiles and of the entries', async () => {
  const { size, root } = await signed();
  assert.ok(size > 256n, 'enough events for a whole tile');
  const hashes = await verifier.leaves(get, size);
  assert.deepEqual(verifier.rootOf(hashes), root);
  const headers = await verifier.entries(get, size);
  headers.forEach((bytes, i) => assert.deepEqual(verifier.leafHash(bytes), hashes[i]));
  assert.deepEqual(verifier.chains(headers, BigInt(Date.now() + 1000)), { shares: sent, back: [], ahead: [] });
});

test('a later checkpoint grew out of an earlier one', async () => {
  const early = await signed();
  sharelog('send', path.join(captures, 'short.jsonl'), '--speed', 'max');
  await new Promise((done) => { setTimeout(done, 1100); }); // one is signed a second at most
  const late = await signed();
  assert.ok(late.size > early.size);
  const hashes = await verifier.leaves(get, late.size);
  assert.deepEqual(verifier.rootOf(hashes.slice(0, Number(early.size))), early.root);
  assert.deepEqual(verifier.rootOf(hashes), late.root);
});

test('every event of a share has a proof that holds, and its data is what was committed to', async () => {
  const { events } = JSON.parse(await fetched(`/api/share/${shares.medium}/events`));
  for (const { seq } of events) {
    const where = `/api/share/${shares.medium}/events/${seq}`;
    const bytes = await fetched(where), proof = (await fetched(`${where}/proof`)).toString();
    const verdict = verifier.answer(bytes, proof, key);
    assert.equal(verdict.content, true);
    assert.equal(verdict.sequence, BigInt(seq));
    const other = proof.replace(/^index .*$/m, (line) => `${line}1`);
    assert.throws(() => verifier.answer(bytes, other, key), { rule: 'position' });
    const changed = bytes.toString().replace(/"data":\[\{"type":"[^"]*","data":\{"/, (found) => found.replace(/"$/, ' "'));
    if (verdict.kind === 'sync') assert.throws(() => verifier.answer(Buffer.from(changed), proof, key), { rule: 'bytes' });
  }
});

test('bundles hold, and say where they end; with a byte changed they do not', async () => {
  for (const [name, id] of Object.entries(shares)) {
    const bytes = await bundleOf(id);
    const verdict = verifier.bundle(bytes, policy);
    assert.equal(verdict.id, id, name);
    assert.equal(verdict.removed, null);
    assert.equal(verdict.statement.holds, true);
    assert.equal(verifier.bundle(bytes, key).statement.holds, false, 'the log\'s key alone');
  }
  const bytes = await bundleOf(shares.short);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << at % 8;
    assert.throws(() => verifier.bundle(changed, policy), `bit ${at % 8} of byte ${at}`);
  }
});

test('a share that was redacted still proves, and says what is withheld', async () => {
  const early = await signed();
  sharelog('redact', shares.medium, '--text', 'todo-cli', '--reason', 'a test', '--yes');
  const bytes = await bundleOf(shares.medium);
  assert.ok(!bytes.includes('todo-cli'));
  const { withheld, marked, redacted } = verifier.bundle(bytes, key);
  assert.ok(withheld > 0);
  assert.equal(redacted.length, withheld + marked);
  for (const { by, onArrival } of redacted) assert.ok(onArrival || (by.who === 1 && by.reason === 'a test'), 'by whom and why');
  const { events } = JSON.parse(await fetched(`/api/share/${shares.medium}/events`));
  for (const { seq } of events) {
    const where = `/api/share/${shares.medium}/events/${seq}`;
    const bytes = await fetched(where);
    assert.equal(verifier.answer(bytes, await fetched(`${where}/proof`), key).content, true);
  }
  const { urls: [again] } = JSON.parse(sharelog('send', path.join(captures, 'medium.jsonl'), '--speed', 'max', '--json'));
  const sent = verifier.bundle(await bundleOf(again.split('/').pop()), key); // the same text, redacted on arrival
  assert.ok(sent.marked > 0 && sent.withheld === 0);
  assert.ok(sent.redacted.every(({ onArrival, by }) => onArrival && by === null));
  const late = await signed(), hashes = await verifier.leaves(get, late.size);
  assert.deepEqual(verifier.rootOf(hashes.slice(0, Number(early.size))), early.root);
});

test('a share\'s end is signed, and so is each event\'s: none contradicts another or the bundle', async () => {
  const at = `/api/share/${shares.medium}`, pieces = [];
  pieces.push(verifier.ofStatement(verifier.headStatement(await fetched(`${at}/head`), head)));
  const { events } = JSON.parse(await fetched(`${at}/events`));
  for (const { seq, hash } of events) {
    const said = verifier.headStatement(await fetched(`${at}/events/${seq}/receipt`), head);
    assert.equal(said.sequence, BigInt(seq));
    assert.equal(said.leaf.toString('hex'), hash);
    assert.equal(said.size, said.last + 1n);
    pieces.push(verifier.ofStatement(said));
  }
  pieces.push(verifier.ofBundle(verifier.bundleEvidence(await bundleOf(shares.medium), policy)));
  for (const a of pieces) for (const b of pieces) assert.equal(verifier.contradiction(a, b), null);
});

/** An old bundle's events before a tail that anybody can make: the newest checkpoint, and the roots in front of it from public tiles. */
async function reanchored(old, tail) {
  const { places } = verifier.bundleEvidence(old, key), { size } = await signed();
  const hashes = await verifier.leaves(get, size), behind = Number(places.at(-1).position) + 1;
  const roots = cover(BigInt(behind), size).map(([level, index]) => {
    const from = Number(index) * 2 ** Number(level), edge = new Edge();
    for (const hash of hashes.slice(from, from + 2 ** Number(level))) edge.add(0n, hash);
    return edge.root();
  });
  const parts = [packBin(Buffer.concat(roots)), packStr(await fetched('/log/checkpoint')), ...tail.map((bytes) => packStr(bytes))];
  return Buffer.concat([old.subarray(0, tailAt(old)), packArray(parts.length), ...parts]);
}
/** Where a bundle's tail begins: the last place from which an array of three goes just to the end. */
function tailAt(bytes) {
  for (let at = bytes.length - 1; ; at--) {
    if (bytes[at] !== 0x93) continue;
    try {
      const rest = new Reader(bytes, at);
      rest.arrayOf(3);
      rest.bin();
      rest.str(8192);
      rest.str(8192);
      if (rest.atEnd) return at;
    } catch { /* not there */ }
  }
}
const binary = (...args) => spawnSync(SL_BIN, ['verify', ...args], { env, encoding: 'utf8' });

test('an old bundle behind the newest checkpoint proves nothing of its end', async () => {
  const keys = path.join(SL_SCRATCH, 'keys'), file = path.join(SL_SCRATCH, 'old.bundle');
  fs.writeFileSync(keys, `${key}\n${head}\n`);
  sharelog('send', path.join(captures, 'short.jsonl'), '--speed', 'max'); // so that the log goes on
  const { urls } = JSON.parse(sharelog('send', path.join(captures, 'short.jsonl'), '--speed', 'max', '--json'));
  const id = urls[0].split('/').pop(), old = await bundleOf(id), { statement } = verifier.bundle(old, policy);
  sharelog('rm', id, '--reason', 'a test', '--yes');
  await new Promise((done) => { setTimeout(done, 1100); });
  const newest = await fetched(`/api/share/${id}/head`), before = old.subarray(tailAt(old));
  const rest = new Reader(before);
  rest.array();
  rest.bin();
  rest.str(8192);
  const kept = Buffer.from(rest.str(8192));
  const run = (bytes) => { fs.writeFileSync(file, bytes); return binary('--bundle', file, '--key', keys); };

  // With no statement it holds, and nothing is said of its end.
  const bare = await reanchored(old, []);
  assert.equal(verifier.bundle(bare, policy).statement, undefined);
  let said = run(bare);
  assert.equal(said.status, 0);
  assert.match(said.stdout, /what came later isn't known from this file/);
  assert.doesNotMatch(said.stdout, /complete|all of its events/);
  // With its own, it is complete as of then.
  const dated = await reanchored(old, [kept]);
  assert.deepEqual(verifier.bundle(dated, policy).statement, statement);
  said = run(dated);
  assert.equal(said.status, 0);
  assert.match(said.stdout, new RegExp(`complete as of ${new Date(Number(statement.time)).toISOString().replaceAll('.', '\\.')} by`));
  // With the newest, with one of another share, with one that nobody signed: refused.
  const others = await fetched(`/api/share/${shares.long}/head`);
  for (const bad of [newest, others, Buffer.from(kept.toString().replace(/size .*/, 'size 100000'))]) {
    const forged = await reanchored(old, [bad]);
    assert.throws(() => verifier.bundle(forged, policy));
    assert.equal(run(forged).status, 1);
  }
  // Asked, the server says what came after; and who kept the old one can show what a server denies.
  fs.writeFileSync(file, bare);
  said = binary('--bundle', file, '--key', keys, '--url', url);
  assert.equal(said.status, 0);
  assert.match(said.stdout, /1 came later \(1 remove\)/);
});

test('a removed share still proves that it was there', async () => {
  const kept = await fetched(`/api/share/${shares.kinds}/events/2/proof`), was = await fetched(`/api/share/${shares.kinds}/events/2`);
  sharelog('rm', shares.kinds, '--reason', 'a test', '--yes');
  const verdict = verifier.bundle(await bundleOf(shares.kinds), key);
  assert.equal(verdict.removed.by, 1);
  assert.equal(verifier.answer(was, kept, key).content, true, 'a proof from before');
  const now = await fetched(`/api/share/${shares.kinds}/events/2`, { headers: { authorization: `Bearer ${owner}` } });
  assert.equal(verifier.answer(now, await fetched(`/api/share/${shares.kinds}/events/2/proof`), key).content, false);
});

test('the binary and this verifier agree on files', async () => {
  const file = path.join(SL_SCRATCH, 'long.bundle');
  fs.writeFileSync(file, await bundleOf(shares.long));
  const run = (...args) => spawnSync(SL_BIN, ['verify', ...args], { env, encoding: 'utf8' });
  assert.equal(run('--bundle', file, '--key', key).status, 0);
  const changed = fs.readFileSync(file);
  changed[Math.floor(changed.length / 2)] ^= 4;
  fs.writeFileSync(file, changed);
  assert.throws(() => verifier.bundle(changed, key));
  assert.equal(run('--bundle', file, '--key', key).status, 1);
});
