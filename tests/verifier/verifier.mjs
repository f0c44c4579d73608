// A second verifier of what sharelog says of its log, written from the specifications alone: RFC 6962, 2.1 (tree), C2SP signed-note,
// tlog-checkpoint, tlog-tiles, tlog-proof, and the formats of an event and a bundle (core/proof/bundle.h, core/event/event.h). Node's crypto, nothing else.
import crypto from 'node:crypto';

const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), crypto.createHash('sha256')).digest();
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
const refuse = (why) => { throw new Error(why); };
const need = (holds, why) => holds || refuse(why);
const same = (a, b) => a.length === b.length && Buffer.compare(a, b) === 0;
const ZERO = Buffer.alloc(32);

// ---- notes ----

function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  need(bytes.toString('base64') === text, `not base64: ${text}`);
  return bytes;
}

export function verifierKey(text) {
  const [, name, id, key] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? refuse('not a verifier key');
  const typed = base64(key);
  need(typed.length === 33 && typed[0] === 1, 'not an Ed25519 key');
  need(sha256(name, '\n', typed).subarray(0, 4).toString('hex') === id, 'the key is not the one its id says');
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  return { name, id, key: crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/** A checkpoint that the key has signed: { size, root }. */
export function checkpoint(note, vkey) {
  const key = verifierKey(vkey), cut = note.lastIndexOf('\n\n');
  need(cut >= 0, 'not a note');
  const text = note.slice(0, cut + 1), lines = note.slice(cut + 2).split('\n');
  need(lines.pop() === '', 'the last line is not ended');
  const own = lines.map((line) => /^— (\S+) (\S+)$/.exec(line) ?? refuse('a malformed signature line'))
    .filter(([, name, signature]) => name === key.name && base64(signature).subarray(0, 4).toString('hex') === key.id);
  need(own.length > 0, 'not signed by this log');
  for (const [, , signature] of own)
    need(crypto.verify(null, Buffer.from(text), key.key, base64(signature).subarray(4)), 'a signature does not hold');
  const [origin, size, root] = text.split('\n');
  need(origin === key.name, 'of another log');
  need(/^(0|[1-9][0-9]*)$/.test(size), 'not a size');
  need(base64(root).length === 32, 'not a root');
  return { size: BigInt(size), root: base64(root) };
}

// ---- the tree ----

const leafHash = (header) => sha256(Buffer.of(0), header);
const join = (left, right) => sha256(Buffer.of(1), left, right);

/** MTH of a list of leaf hashes, by its definition. */
export function rootOf(leaves) {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return join(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** RFC 9162, 2.1.3.2. */
export function included(leaf, index, size, path, root) {
  if (index >= size) return false;
  let at = index, last = size - 1n, hash = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      hash = join(sibling, hash);
      while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else {
      hash = join(hash, sibling);
    }
    at >>= 1n; last >>= 1n;
  }
  return last === 0n && same(hash, root);
}

/** Subtrees put together from the left; what is given must begin where the last one ended. */
class Edge {
  size = 0n;
  roots = []; // [level, hash], falling levels

  add(level, hash) {
    need(this.size % (1n << BigInt(level)) === 0n, 'a subtree that does not fit there');
    this.size += 1n << BigInt(level);
    while (this.roots.length && this.roots.at(-1)[0] === level) {
      hash = join(this.roots.pop()[1], hash);
      level++;
    }
    this.roots.push([level, hash]);
  }

  /** The fewest complete subtrees between here and a place. */
  fill(to, gap) {
    let used = 0;
    need(to >= this.size, 'positions do not rise');
    while (this.size < to) {
      let level = 0;
      while (!(this.size >> BigInt(level) & 1n) && to - this.size >= 1n << BigInt(level + 1)) level++;
      need(gap.length >= used + 32, 'a gap has too few hashes');
      this.add(level, gap.subarray(used, used += 32));
    }
    need(used === gap.length, 'a gap has too many hashes');
  }

  root() {
    return this.roots.length ? this.roots.map(([, hash]) => hash).reduceRight((right, left) => join(left, right)) : sha256('');
  }
}

// ---- msgpack ----

export function* values(bytes) {
  let at = 0;
  const take = (n) => { need(at + n <= bytes.length, 'it ends too early'); at += n; return bytes.subarray(at - n, at); };
  const number = (n) => take(n).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const list = (n) => Array.from({ length: Number(n) }, value);
  const text = (n) => new TextDecoder('utf-8', { fatal: false }).decode(take(Number(n)));
  function value() {
    const [type] = take(1);
    if (type <= 0x7f) return BigInt(type);
    if (type >= 0x90 && type <= 0x9f) return list(type & 15);
    if (type >= 0xa0 && type <= 0xbf) return text(type & 31);
    switch (type) {
    case 0xc0: return null;
    case 0xc4: return take(Number(number(1)));
    case 0xc5: return take(Number(number(2)));
    case 0xc6: return take(Number(number(4)));
    case 0xcc: return number(1);
    case 0xcd: return number(2);
    case 0xce: return number(4);
    case 0xcf: return number(8);
    case 0xd9: return text(number(1));
    case 0xda: return text(number(2));
    case 0xdb: return text(number(4));
    case 0xdc: return list(number(2));
    case 0xdd: return list(number(4));
    }
    return refuse(`a value of type ${type.toString(16)}`);
  }
  while (at < bytes.length) yield value();
}

const be = (value, bytes) => { const out = Buffer.alloc(8); out.writeBigUInt64BE(BigInt(value)); return out.subarray(8 - bytes); };

function packNumber(value) {
  const n = BigInt(value);
  if (n < 128n) return be(n, 1);
  if (n < 256n) return Buffer.concat([Buffer.of(0xcc), be(n, 1)]);
  if (n < 65536n) return Buffer.concat([Buffer.of(0xcd), be(n, 2)]);
  if (n < 1n << 32n) return Buffer.concat([Buffer.of(0xce), be(n, 4)]);
  return Buffer.concat([Buffer.of(0xcf), be(n, 8)]);
}
function packText(text) {
  const bytes = Buffer.from(text), n = bytes.length;
  const head = n < 32 ? Buffer.of(0xa0 | n) : n < 256 ? Buffer.of(0xd9, n) : Buffer.concat([Buffer.of(0xda), be(n, 2)]);
  return Buffer.concat([head, bytes]);
}
const packList = (n) => n < 16 ? Buffer.of(0x90 | n) : n < 65536 ? Buffer.concat([Buffer.of(0xdc), be(n, 2)]) : Buffer.concat([Buffer.of(0xdd), be(n, 4)]);
const packHash = (hash) => Buffer.concat([Buffer.of(0xc4, 32), hash]);

// ---- events ----

const KINDS = ['create', 'sync', 'remove', 'redact', 'allow'];

export function header(bytes) {
  const [record, ...more] = values(bytes);
  need(more.length === 0 && record.length === 7 && record[0] === 1n, 'not a header');
  const [, kind, shareRef, sequence, time, prev, manifest] = record;
  return { kind: KINDS[Number(kind)] ?? refuse('a kind that is not known'), shareRef, sequence, time, prev, manifest };
}

const itemNonce = (nonce, index) => hmac(nonce, be(index, 4)).subarray(0, 16);
const manifestNonce = (nonce) => hmac(nonce, 'manifest').subarray(0, 16);

/** items: { type, key, length, commitment } as the manifest has them. */
function manifestHolds(head, nonce, arrived, items) {
  const packed = items.map(({ type, key, length, commitment }) =>
    Buffer.concat([packList(4), packText(type), packText(key), packNumber(length), packHash(commitment)]));
  return same(sha256(nonce, packList(1 + items.length), packNumber(arrived), ...packed), head.manifest);
}

/** The answer of /api/share/ID/events/SEQ as text, and its proof file. */
export function event(text, proof, vkey) {
  const answer = JSON.parse(text), bytes = base64(answer.header), head = header(bytes);
  const lines = proof.split('\n');
  need(lines.shift() === 'c2sp.org/tlog-proof@v1', 'not a proof');
  if (lines[0].startsWith('extra ')) lines.shift();
  const [, index] = /^index (0|[1-9][0-9]*)$/.exec(lines.shift()) ?? refuse('no index');
  const blank = lines.indexOf('');
  const path = lines.slice(0, blank).map(base64), note = lines.slice(blank + 1).join('\n');
  const signed = checkpoint(note, vkey);
  need(BigInt(answer.position) === BigInt(index), 'a proof of another position');
  need(included(leafHash(bytes), BigInt(index), signed.size, path, signed.root), 'it is not in the log');
  need(BigInt(answer.seq) === head.sequence && BigInt(answer.time) === head.time && answer.kind === head.kind, 'its header says something else');
  need(same(sha256(base64(answer.salt), answer.id), head.shareRef), 'its header is of another share');
  if (!answer.nonce && !answer.nonces) return { ...head, content: false };
  const nonce = answer.nonce && base64(answer.nonce);
  const raw = answer.kind === 'sync' ? rawData(text) : answer.data.map(({ data }) => base64(data));
  const items = answer.items.map((item, i) => {
    const own = nonce ? itemNonce(nonce, i) : answer.nonces.items[i] && base64(answer.nonces.items[i]);
    return { type: item.type, key: item.key, length: item.withheld ? item.committedBytes : item.bytes,
      commitment: item.withheld ? base64(item.commitment) : sha256(own, raw[i]) };
  });
  need(manifestHolds(head, nonce ? manifestNonce(nonce) : base64(answer.nonces.manifest), answer.arrived, items), 'its items are not what its header commits to');
  return { ...head, content: true };
}

/** The bytes of every item's data as they stand in the text of `"data":[{"type":…,"data":HERE},…]`. */
function rawData(text) {
  const out = [];
  let at = text.lastIndexOf(',"data":[', text.indexOf('"data":[{') + 1) + 9;
  const skip = () => { // over one value
    let depth = 0;
    for (;; at++) {
      const c = text[at];
      if (c === '"') for (at++; text[at] !== '"'; at++) at += text[at] === '\\';
      else if (c === '{' || c === '[') depth++;
      else if ((c === '}' || c === ']') && depth-- === 0) return;
      else if (c === ',' && depth === 0) return;
    }
  };
  while (text[at] === '{') {
    at += '{"type":'.length; skip();
    need(text.startsWith(',"data":', at), 'data without data');
    const from = at += ',"data":'.length; skip();
    out.push(Buffer.from(text.slice(from, at)));
    at += text[at + 1] === ',' ? 2 : 1;
  }
  return out;
}

// ---- bundles ----

export function bundle(bytes, vkey) {
  const [head, ...rest] = values(bytes), tail = rest.pop();
  need(head?.length === 4 && head[0] === 'sharelog-bundle@v1', 'not a bundle');
  const [, id, salt, count] = head, ref = sha256(salt, id), edge = new Edge(), withheld = new Map();
  need(BigInt(rest.length) === count, 'it says another number of events');
  let prev = ZERO, time = 0n, removed = null, erased = 0;
  rest.forEach(([gap, position, headerBytes, arrived, nonces, items], index) => {
    const at = `event ${index + 1}: `, own = header(headerBytes);
    need(own.sequence === BigInt(index + 1), `${at}out of sequence`);
    need(same(own.shareRef, ref), `${at}of another share`);
    need(same(own.prev, prev), `${at}does not name the one before it`);
    need(own.time >= time, `${at}earlier than the one before it`);
    need((index === 0) === (own.kind === 'create'), `${at}a creation that is not the first`);
    edge.fill(position, gap);
    edge.add(0, prev = leafHash(headerBytes));
    time = own.time;
    if (own.kind === 'remove') removed = own;
    if (arrived === undefined) { need(own.kind === 'sync' || own.kind === 'redact', `${at}erased`); erased++; return; }
    const whole = Buffer.isBuffer(nonces);
    const listed = items.map(([type, key, data, ...more], i) => {
      const nonce = whole ? itemNonce(nonces, i) : nonces[1 + i];
      if (!nonce) {
        withheld.set(`${index + 1}/${i}`, { data, kind: own.kind, named: own.kind === 'create' });
        return { type, key, length: more[0], commitment: more[1] };
      }
      const commitment = sha256(nonce, data);
      need(same(commitment, more[0]), `${at}item ${i}: not the bytes that were committed to`);
      return { type, key, length: data.length, commitment };
    });
    need(manifestHolds(own, whole ? manifestNonce(nonces) : nonces[0], arrived, listed), `${at}its items are not what its header commits to`);
    if (own.kind === 'redact') {
      const [[, , named]] = values(items[0][2]);
      for (const [sequence, item, replacement] of named) {
        const found = withheld.get(`${sequence}/${item}`);
        if (!found) continue;
        const says = found.kind === 'redact' ? sha256(found.data) : found.data;
        found.named = same(says, replacement);
      }
    }
  });
  for (const [place, { named }] of withheld) need(named, `item ${place} is withheld, but no redact event says so`);
  need(!erased || removed, 'content is gone, but it was not removed');
  const [gap, note] = tail ?? refuse('it has no end'), signed = checkpoint(note, vkey);
  edge.fill(signed.size, gap);
  need(same(edge.root(), signed.root), 'its events are not in the log');
  return { id, events: rest.length, removed: removed && Number(removed.time), withheld: [...withheld.values()].filter(({ kind }) => kind === 'sync').length };
}

// ---- tiles ----

const tilePath = (index) => {
  const digits = String(index).padStart(3, '0');
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g);
  return groups.map((group, i) => i + 1 < groups.length ? `x${group}` : group).join('/');
};

/** Every leaf hash of a log of a size, by its tiles; `get` fetches a path behind /log/. Upper levels must be made of the lower ones. */
export async function leaves(get, size) {
  let level = [], below = null;
  for (let l = 0, n = Number(size); n > 0; l++, n = Math.floor(n / 256)) {
    const hashes = [];
    for (let i = 0; i * 256 < n; i++) {
      const width = Math.min(256, n - i * 256);
      const tile = await get(`tile/${l}/${tilePath(i)}${width < 256 ? `.p/${width}` : ''}`);
      need(tile.length === width * 32, 'a tile of another width');
      for (let k = 0; k < width; k++) hashes.push(tile.subarray(k * 32, k * 32 + 32));
    }
    if (below) hashes.forEach((hash, i) => need(same(hash, rootOf(below.slice(i * 256, i * 256 + 256))), `tile level ${l} is not made of the one below`));
    if (l === 0) level = hashes;
    below = hashes;
  }
  return level;
}

/** The leaves themselves. */
export async function entries(get, size) {
  const out = [];
  for (let i = 0; i * 256 < Number(size); i++) {
    const width = Math.min(256, Number(size) - i * 256);
    const bytes = await get(`tile/entries/${tilePath(i)}${width < 256 ? `.p/${width}` : ''}`);
    let at = 0;
    for (let k = 0; k < width; k++) { const n = bytes.readUInt16BE(at); out.push(bytes.subarray(at + 2, at += 2 + n)); }
    need(at === bytes.length, 'entries of another length');
  }
  return out;
}
export const leafHashOf = leafHash;
