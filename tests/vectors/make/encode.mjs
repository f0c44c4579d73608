// Records, hashes and names, for the makers beside this.
import crypto from 'node:crypto';

export const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), crypto.createHash('sha256')).digest();
export const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
export const hex = (bytes) => bytes.toString('hex');
export const cat = (...pieces) => Buffer.concat(pieces);

/** So many bytes that follow from a name. */
export const bytesOf = (name, length = 32) => sha256(name).subarray(0, length);

export const u32 = (n) => { const out = Buffer.alloc(4); out.writeUInt32BE(n); return out; };
export const u64 = (n) => { const out = Buffer.alloc(8); out.writeBigUInt64BE(BigInt(n)); return out; };

/** Bytes that stand in a record as they are. */
export class Raw {
  constructor(bytes) { this.bytes = bytes; }
}

const tagged = (small, wide, n) => {
  for (const [limit, tag, bytes] of wide) if (n < limit) return cat(Buffer.of(tag), u64(n).subarray(8 - bytes));
  throw new Error(`too large: ${n}`);
};
const U8 = 0x100n, U16 = 0x10000n, U32 = 0x100000000n, U64 = 1n << 64n;
function number(n) {
  return n < 128n ? Buffer.of(Number(n)) : tagged(0, [[U8, 0xcc, 1], [U16, 0xcd, 2], [U32, 0xce, 4], [U64, 0xcf, 8]], n);
}
function str(bytes) {
  const n = BigInt(bytes.length);
  return cat(n < 32n ? Buffer.of(0xa0 | bytes.length) : tagged(0, [[U8, 0xd9, 1], [U16, 0xda, 2], [U32, 0xdb, 4]], n), bytes);
}
function array(values) {
  const n = BigInt(values.length);
  return cat(n < 16n ? Buffer.of(0x90 | values.length) : tagged(0, [[U16, 0xdc, 2], [U32, 0xdd, 4]], n), ...values.map(pack));
}

/** Text that may hold lone surrogates: the bytes are given. */
export class Text {
  constructor(bytes) { this.bytes = bytes; }
}

/** A number, a string or Text (str), bytes (bin), null (nil), a list (array), or Raw. */
export function pack(value) {
  if (value === null) return Buffer.of(0xc0);
  if (value instanceof Raw) return value.bytes;
  if (value instanceof Text) return str(value.bytes);
  if (Buffer.isBuffer(value)) return cat(tagged(0, [[U8, 0xc4, 1], [U16, 0xc5, 2], [U32, 0xc6, 4]], BigInt(value.length)), value);
  if (Array.isArray(value)) return array(value);
  return typeof value === 'string' ? str(Buffer.from(value)) : number(BigInt(value));
}

// ---- notes ----

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key of a name: `type` 1 signs as a log, 4 as a witness. */
export function makeKey(name, type = 1, seed = bytesOf(`key ${name}`)) {
  const key = crypto.createPrivateKey({ key: cat(PKCS8, seed), format: 'der', type: 'pkcs8' });
  const own = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32), typed = cat(Buffer.of(type), own);
  const id = sha256(name, '\n', typed).subarray(0, 4);
  const sign = (text, time = 1700000000) => {
    const message = type === 1 ? text : `cosignature/v1\ntime ${time}\n${text}`;
    return cat(id, type === 1 ? Buffer.of() : u64(time), crypto.sign(null, Buffer.from(message), key));
  };
  return { name, id, typed, vkey: `${name}+${hex(id)}+${typed.toString('base64')}`, sign,
    line: (text, time) => `— ${name} ${sign(text, time).toString('base64')}\n` };
}

export const checkpointText = (origin, size, root) => `${origin}\n${size}\n${root.toString('base64')}\n`;
export const note = (text, ...lines) => `${text}\n${lines.join('')}`;

// ---- the tree ----

export const leafHash = (header) => sha256(Buffer.of(0), header);
export const join = (left, right) => sha256(Buffer.of(1), left, right);
const split = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k; };

export function rootOf(leaves) {
  if (leaves.length < 2) return leaves[0] ?? sha256('');
  const k = split(leaves.length);
  return join(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}
export function inclusion(m, leaves) {
  if (leaves.length < 2) return [];
  const k = split(leaves.length);
  return m < k ? [...inclusion(m, leaves.slice(0, k)), rootOf(leaves.slice(k))] : [...inclusion(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}
function subproof(m, leaves, whole) {
  if (m === leaves.length) return whole ? [] : [rootOf(leaves)];
  const k = split(leaves.length);
  return m <= k ? [...subproof(m, leaves.slice(0, k), whole), rootOf(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), rootOf(leaves.slice(0, k))];
}
export const consistency = (m, leaves) => m === 0 || m === leaves.length ? [] : subproof(m, leaves, true);

/** [level, index] of the fewest complete subtrees of [from, to), by going down from the whole. */
export function cover(from, to, level = 40, index = 0) {
  const begin = index * 2 ** level, end = begin + 2 ** level;
  if (end <= from || begin >= to) return [];
  if (from <= begin && end <= to) return [[level, index]];
  return [...cover(from, to, level - 1, index * 2), ...cover(from, to, level - 1, index * 2 + 1)];
}
