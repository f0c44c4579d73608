// The vectors of tests/vectors/, held against this verifier: what each file says must come out here, and of what is refused the rule that
// refuses it. tests/unit/proof/vectors_test.c and tests/unit/event/event_vectors_test.c read the same files with other code.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { files } from '../vectors/make.mjs';
import { answer } from './answer.mjs';
import { bundle, bundleEvidence } from './bundle.mjs';
import { hmac, sha256 } from './bytes.mjs';
import { bodies, commit, header, isShareId, itemKey, itemNonce, manifest, manifestNonce, prefix, shareRef } from './event.mjs';
import { conflict } from './conflict.mjs';
import { contradiction, ofBundle, ofCheckpoint, ofStatement } from './evidence.mjs';
import { headStatement } from './head.mjs';
import { chains, entries, leaves } from './log.mjs';
import { verifierKey } from './note.mjs';
import { checkpoint, parsePolicy } from './policy.mjs';
import { Refused } from './refused.mjs';
import { consistent, cover, included, leafHash, rootOf } from './tree.mjs';

const folder = fileURLToPath(new URL('../vectors', import.meta.url));
const read = (file) => fs.readFileSync(path.join(folder, file), 'utf8');
const hex = (digits) => Buffer.from(digits, 'hex');

/** Checks each vector of a file; what fails is told by its name. */
function vectors(file, check, list = 'vectors') {
  const all = JSON.parse(read(file));
  test(`${file}: ${all[list].length} ${list}`, () => {
    assert.ok(all[list].length > 0);
    for (const vector of all[list]) {
      try {
        check(vector, all);
      } catch (error) {
        error.message = `${vector.name}: ${error.message}`;
        throw error;
      }
    }
  });
}

/** What a verifier says besides, since format 1 was frozen. */
const LATER = ['id', 'marked', 'redacted', 'oldest'];
/** Accepted, with just these facts; or refused, by just that rule. */
function judged({ verdict, rule, ...said }, run) {
  if (verdict === 'refused') return assert.throws(run, (error) => error instanceof Refused && error.rule === rule, `not refused by ${rule}`);
  assert.equal(verdict, 'accepted');
  for (const [name, value] of Object.entries(run())) {
    const expected = said[name.replace('logSize', 'log_size')];
    if (expected !== undefined || !LATER.includes(name)) assert.deepEqual(plain(value), expected, name);
  }
}
/** Numbers and bytes as the files have them. */
function plain(value) {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (typeof value === 'bigint' || typeof value === 'number') return `${value}`;
  if (Array.isArray(value)) return value.map(plain);
  return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)])) : value;
}

test('the files are what make.mjs makes', () => {
  for (const [file, words] of files()) assert.equal(read(file), words, file);
});

vectors('header.json', ({ header: bytes, valid, ...said }) => {
  const own = header(hex(bytes));
  assert.equal(own !== null, valid);
  if (!valid) return;
  assert.deepEqual({ kind: `${own.kind}`, share_ref: plain(own.shareRef), sequence: `${own.sequence}`, time_ms: `${own.time}`, prev: plain(own.prev),
    manifest_commitment: plain(own.manifest), leaf: plain(leafHash(hex(bytes))), name: said.name }, said);
});

vectors('share_ref.json', ({ id, salt, share_ref: expected }) => {
  assert.ok(isShareId(id));
  assert.equal(plain(shareRef(hex(salt), id)), expected);
});

vectors('manifest.json', ({ nonce, arrived_us: arrived, items, ...said }) => {
  const datas = items.map(({ data, repeat }) => repeat ? Buffer.alloc(repeat.times, repeat.byte) : hex(data));
  const nonces = items.map((_, i) => itemNonce(hex(nonce), i)), commitments = datas.map((data, i) => commit(nonces[i], data));
  const packed = manifest(arrived, items.map(({ type, key, marked }, i) => ({ type: hex(type), key: hex(key), marked, length: datas[i].length, commitment: commitments[i] })));
  const own = manifestNonce(hex(nonce));
  assert.deepEqual(nonces.map(plain), said.item_nonces);
  assert.deepEqual(commitments.map(plain), said.commitments);
  assert.equal(plain(own), said.manifest_nonce);
  assert.equal(plain(packed), said.manifest);
  assert.equal(plain(commit(own, packed)), said.manifest_commitment);
});

vectors('item_key.json', ({ item, type, key, lacks }) => {
  const own = itemKey(item);
  assert.equal(own.lacks, lacks);
  if (lacks) return;
  assert.equal(plain(own.type), type);
  assert.equal(own.key.toString(), key);
});

vectors('body.json', ({ name, kind, body, refused, ...said }) => {
  if (kind === 'stored') {
    const { nonce, manifestNonce: own, items } = prefix(hex(body));
    assert.deepEqual(nonce ? { nonce: plain(nonce) } : { manifest_nonce: plain(own), items: items.map(plain) }, said);
    return;
  }
  if (refused) { assert.throws(() => bodies[kind](hex(body)), Refused); return; }
  const texts = { reason: String, session_id: String }, lists = { positions: (list) => list.map(plain), entries: (list) => list.map(plain) };
  const own = Object.entries(bodies[kind](hex(body))).map(([member, value]) => [member, (texts[member] ?? lists[member] ?? plain)(value)]);
  assert.deepEqual(Object.fromEntries(own), said);
});

const trees = {
  root: ({ size, root }, { leaves }) => assert.equal(plain(rootOf(leaves.slice(0, Number(size)).map(hex))), root),
  inclusion: ({ leaf, index, size, path: hashes, root, holds }) => assert.equal(included(hex(leaf), BigInt(index), BigInt(size), hashes.map(hex), hex(root)), holds),
  consistency: (v) => assert.equal(consistent(BigInt(v.from), hex(v.from_root), BigInt(v.to), hex(v.to_root), v.path.map(hex)), v.holds),
  cover: (v) => assert.deepEqual(cover(BigInt(v.from), BigInt(v.to)).map((pair) => pair.map(String)), v.cover),
};
vectors('tree.json', (vector, all) => trees[vector.kind](vector, all));

vectors('verifier_key.json', ({ vkey, valid, key_name: name, type, public_key: expected }) => {
  const own = verifierKey(vkey);
  assert.equal(own !== null, valid);
  if (!valid) return;
  assert.equal(own.name, name);
  assert.equal(`${own.type}`, type);
  assert.equal(own.key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'), expected);
});

test('tiles are just as wide as they are asked for, and nothing is behind them', async () => {
  const tile = Buffer.alloc(64), entry = Buffer.from('0003616263', 'hex');
  const serve = (hashes, headers) => async (where) => where.startsWith('tile/entries') ? headers : hashes;
  const get = serve(tile, Buffer.concat([entry, entry]));
  assert.equal((await leaves(get, 2n)).length, 2);
  assert.equal((await entries(get, 2n)).length, 2);
  for (const other of [tile.subarray(32), tile.subarray(1), Buffer.alloc(96), Buffer.alloc(65), Buffer.alloc(0)]) await assert.rejects(leaves(serve(other), 2n));
  for (const other of [entry, Buffer.concat([entry, entry, Buffer.of(0)]), Buffer.concat([entry, entry, entry]), entry.subarray(1)]) await assert.rejects(entries(serve(tile, other), 2n));
});

const policy = (vector, { log }) => ({ log, witnesses: vector.witnesses, quorum: vector.quorum, now: vector.now, maxAge: vector.max_age });
const aBundle = (vector, all) => judged(vector, () => bundle(Buffer.from(vector.bundle, 'base64'), policy(vector, all)));
const anAnswer = (vector, all) => judged(vector, () => answer(Buffer.from(vector.event, 'base64'), vector.proof, policy(vector, all)));
vectors('note.json', (vector, all) => judged(vector, () => checkpoint(vector.note, policy(vector, all))));
vectors('policy.json', (vector) => judged({ ...vector, size: '21', root: plain(sha256('root')) }, () => checkpoint(vector.note, parsePolicy(hex(vector.policy)))));
vectors('conflict.json', (vector, all) => judged(vector, () => conflict(vector.conflict, all.log)));
vectors('chain.json', (vector) => judged(vector, () => chains(vector.headers.map(hex), BigInt(vector.latest))));
vectors('bundle.json', aBundle);
vectors('forged.json', aBundle);
vectors('answer.json', anAnswer);

const aHead = {
  statement: ({ note, now, max_age: maxAge, ...vector }, { head }) => judged(vector, () => {
    const { id, ...said } = headStatement(Buffer.from(note), head, { now, maxAge });
    return { ...said, share: id };
  }),
  bundle: ({ bundle: bytes, keys, ...vector }, { log, head }) => judged(vector, () => {
    const { events, statement } = bundle(Buffer.from(bytes, 'base64'), keys === 'both' ? { log, head } : log);
    return { events, statement: statement ? { ...plain(statement), holds: statement.holds } : null };
  }),
  evidence: ({ a, b, contradiction: rule }, all) => assert.equal(contradiction(piece(a, all), piece(b, all)), rule),
};
function piece({ statement, checkpoint: text, bundle: bytes }, { log, head }) {
  if (statement) return ofStatement(headStatement(Buffer.from(statement), head));
  return text ? ofCheckpoint(text, checkpoint(text, log)) : ofBundle(bundleEvidence(Buffer.from(bytes, 'base64'), { log, head }));
}
vectors('head.json', (vector, all) => aHead[vector.kind](vector, all));
test('head.json: the key of statements follows from the log\'s', () => {
  const { seed, log, head } = JSON.parse(read('head.json'));
  const own = (bytes) => crypto.createPublicKey(crypto.createPrivateKey({ key: Buffer.concat([hex('302e020100300506032b657004220420'), bytes]), format: 'der', type: 'pkcs8' }));
  const same = (vkey, bytes) => assert.deepEqual(verifierKey(vkey).key.export({ format: 'der', type: 'spki' }), own(bytes).export({ format: 'der', type: 'spki' }));
  same(log, hex(seed));
  same(head, hmac(hex(seed), 'sharelog head statement v1'));
  assert.equal(verifierKey(head).name, `${verifierKey(log).name}/head`);
});

// What a store of format 1 served, kept as it was.
vectors('store.json', aBundle, 'bundles');
vectors('store.json', anAnswer, 'answers');
