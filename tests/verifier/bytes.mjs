// Hashes, numbers and base64 as core/FORMAT.md, chapter 1, has them. Node's crypto, nothing else.
import crypto from 'node:crypto';

export const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), crypto.createHash('sha256')).digest();
export const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
export const same = (a, b) => a.length === b.length && Buffer.compare(a, b) === 0;

/** A number, big-endian, in so many bytes. */
export function be(value, bytes) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out.subarray(8 - bytes);
}

/** The bytes of a base64 text, of just `length` if that is given; null: it isn't that. */
export function base64(text, length) {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) return null;
  return length === undefined || bytes.length === length ? bytes : null;
}

/** Is it UTF-8? Every byte that isn't would come back as another. */
export const isUtf8 = (bytes) => same(Buffer.from(bytes.toString('utf8')), bytes);
