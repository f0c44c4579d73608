// What an event is made of (core/FORMAT.md, chapters 2 to 5, and the prefix of a stored body, chapter 10).
import { be, hmac, sha256 } from './bytes.mjs';
import { Reader, packArray, packBin, packNumber, packStr } from './record.mjs';
import { Refused, need, refuse } from './refused.mjs';

export const KINDS = ['create', 'sync', 'remove', 'redact', 'allow'];
export const isShareId = (text) => /^[A-Za-z0-9_-]{1,64}$/.test(text);
export const shareRef = (salt, id) => sha256(salt, id);
const OWNER = 1n, KINDS_END = 1n << 32n;

/** A header's parts; null: it is none. Its kind may be one that is not known. */
export function header(bytes) {
  try {
    const in_ = new Reader(bytes);
    in_.arrayOf(7);
    if (in_.number() !== 1n) return null;
    const parts = { kind: in_.number(), shareRef: in_.binOf(32), sequence: in_.number(), time: in_.number(), prev: in_.binOf(32), manifest: in_.binOf(32) };
    return in_.atEnd && parts.kind < KINDS_END && parts.sequence > 0n ? parts : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

// ---- commitments ----

export const itemNonce = (nonce, index) => hmac(nonce, be(index, 4)).subarray(0, 16);
export const manifestNonce = (nonce) => hmac(nonce, 'manifest').subarray(0, 16);
export const commit = (nonce, bytes) => sha256(nonce, bytes);

/** Of items { type, key, length, commitment }, bytes as they are in the event. */
export const manifest = (arrived, items) => Buffer.concat([packArray(1 + items.length), packNumber(arrived),
  ...items.flatMap(({ type, key, length, commitment, marked }) => [packArray(marked ? 5 : 4), packStr(type), packStr(key), packNumber(length), packBin(commitment),
    ...(marked ? [packNumber(1)] : [])])]);

// ---- text and keys of items ----

/** A string as UTF-8, a lone surrogate in the three bytes of its number. */
export function textBytes(text) {
  return Buffer.concat(Array.from(text, (character) => {
    const point = character.codePointAt(0);
    return point >= 0xd800 && point <= 0xdfff
      ? Buffer.of(0xe0 | point >> 12, 0x80 | point >> 6 & 0x3f, 0x80 | point & 0x3f) : Buffer.from(character);
  }));
}

/** A type as it is kept: a lone surrogate reads %uD800. */
const typeBytes = (text) => Buffer.from(Array.from(text, (character) => isSurrogate(character) ? `%u${hexOf(character)}` : character).join(''));
const hexOf = (character) => character.codePointAt(0).toString(16).toUpperCase();
const isSurrogate = (character) => character.codePointAt(0) >= 0xd800 && character.codePointAt(0) <= 0xdfff;

const percent = (bytes) => Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
export const escaped = (text) => Array.from(text, (character) => {
  const point = character.codePointAt(0);
  if (isSurrogate(character)) return `%u${hexOf(character)}`;
  const control = point < 0x20 || (point >= 0x7f && point < 0xa0);
  return control || character === '%' || character === '/' ? percent(Buffer.from(character)) : character;
}).join('');

export const IDS = { session: [], session_diff: [], model: [], message: ['id'], part: ['messageID', 'id'], messages: ['sessionID'] };

/** The type and key of an item of a batch, given as JSON text; `lacks`: the member without which it is refused. JSON.parse takes
 *  the last of several members of one name. */
export function itemKey(json) {
  const { type, data } = JSON.parse(json), own = Object.hasOwn(IDS, type);
  const member = (name) => data !== null && typeof data === 'object' && !Array.isArray(data) && Object.hasOwn(data, name) && typeof data[name] === 'string' ? data[name] : null;
  const names = own ? IDS[type] : member('id') === null ? [] : ['id'];
  const lacks = names.find((name) => member(name) === null);
  if (lacks) return { lacks: `data.${lacks}` };
  return { type: typeBytes(type), key: Buffer.from([type, ...names.map(member)].map(escaped).join('/')) };
}

// ---- bodies of the server's own events ----

const whole = (bytes, read) => {
  const in_ = new Reader(bytes), parts = read(in_);
  return in_.atEnd ? parts : refuse('encoding', 'something follows');
};
const who = (in_) => {
  const number = in_.number();
  return number <= OWNER ? Number(number) : refuse('record', 'nobody known');
};
const list = (in_, read) => Array.from({ length: in_.array() }, () => read(in_));

export const bodies = {
  create: (bytes) => whole(bytes, (in_) => {
    in_.arrayOf(6);
    const parts = { share_id: in_.str(64).toString(), session_id: in_.str(256), salt: in_.binOf(32), secret_kind: in_.number(), secret_hash: in_.binOf(32) };
    need(parts.secret_kind <= 1, 'record', 'a secret of no known kind');
    if (in_.isBin) return { ...parts, maker: in_.binOf(32) };
    need(in_.number() === 0n, 'record', 'neither a maker nor the 0 of format 1');
    return parts;
  }),
  remove: (bytes) => whole(bytes, (in_) => {
    in_.arrayOf(3);
    return { who: who(in_), reason: in_.str(1024), positions: list(in_, () => in_.number()) };
  }),
  redact: (bytes) => whole(bytes, (in_) => {
    in_.arrayOf(3);
    return { who: who(in_), reason: in_.str(1024), entries: list(in_, entry) };
  }),
  allow: (bytes) => whole(bytes, (in_) => {
    in_.arrayOf(2);
    return { who: who(in_), reason: in_.str(1024) };
  }),
};
function entry(in_) {
  in_.arrayOf(3);
  return { sequence: in_.number(), item: in_.number(), replacement: in_.bin() };
}
/** What such a record says, where a verifier finds it: of another count of parts it is none, and nothing follows it. */
export function said(kind, bytes) {
  const in_ = new Reader(bytes), rule = (holds, why) => { if (!holds) refuse('record', why); };
  rule(in_.array() === (kind === 'allow' ? 2 : 3), 'not a record of its kind');
  const by = who(in_), reason = in_.str(1024), parts = { who: by, reason };
  if (kind === 'remove') parts.positions = list(in_, () => in_.number());
  if (kind === 'redact') parts.entries = list(in_, () => {
    rule(in_.array() === 3, 'not what a redaction says');
    return { sequence: in_.number(), item: in_.number(), replacement: in_.bin() };
  });
  rule(in_.atEnd, 'something follows');
  return parts;
}

/** Each behind the one before it, by sequence and item. */
export const inOrder = (entries) => entries.every(({ sequence, item }, i) => i === 0 || sequence > entries[i - 1].sequence
  || (sequence === entries[i - 1].sequence && item > entries[i - 1].item));

/** Times that a verifier takes, in milliseconds; an arrival may be so far ahead of its event. */
const FIRST = 946684800000n, END = 253402300800000n, AHEAD = 3600000n, BEHIND = 3600n;
export const timeFits = (time) => time >= FIRST && time < END;
/** `oldest`: seconds, the first cosignature of a log that has the event, or null. */
export const cosignedFits = (time, oldest) => oldest === null || time / 1000n <= oldest + BEHIND;
export const arrivalFits = (arrived, time) => arrived / 1000n <= time + AHEAD;

/** What a stored body begins with: { nonce } or { manifestNonce, items: [{ nonce } or { commitment, length }] }. */
export function prefix(bytes) {
  let at = 1;
  const take = (n) => bytes.subarray(at, at += n);
  if (bytes[0] === 0) return { nonce: take(32) };
  const parts = { manifestNonce: take(16), items: [] };
  while (at < bytes.length)
    parts.items.push(take(1)[0] ? { commitment: take(32), length: take(8).readBigUInt64BE() } : { nonce: take(16) });
  return parts;
}
