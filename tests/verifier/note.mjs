// Signed notes, checkpoints, verifier keys and the proof file (core/FORMAT.md, chapter 6).
import crypto from 'node:crypto';
import { base64, isUtf8, sha256 } from './bytes.mjs';
import { need, refuse } from './refused.mjs';

export const NOTE_BYTES = 128 * 1024;

// White_Space of Unicode: what \s has but U+FEFF, and U+0085.
const NAME = /^(?:(?![\u0000-\u001f+\u0085])(?:\S|\ufeff))+$/u;
const NUMBER = /^(?:0|[1-9][0-9]{0,19})$/;
const ED25519 = 1, COSIGNATURE = 4;

function number(text) {
  return NUMBER.test(text) && BigInt(text) < 1n << 64n ? BigInt(text) : null;
}

// Points of small order, whose y is one of these, sign anything; and of a y beyond the field there are two encodings.
const FIELD = (1n << 255n) - 19n, EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
function isWeak(key) {
  const y = BigInt(`0x${Buffer.from(key).reverse().toString('hex')}`) & ((1n << 255n) - 1n);
  return y >= FIELD || [0n, 1n, FIELD - 1n, EIGHTH, FIELD - EIGHTH].includes(y);
}

/** A verifier key of any type; null: it is none. Of a type that isn't known here, `key` is null: nothing that it signed can be checked. */
export function anyKey(text) {
  const [, name, id, key] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text) ?? [];
  const typed = base64(key);
  if (!typed || typed.length < 2 || typed.length > 4097 || !NAME.test(name) || /[\u007f-\u009f]/.test(name) || Buffer.byteLength(name) > 205) return null;
  const own = { name, id, type: typed[0], material: typed.subarray(1).toString('hex'), key: null };
  if (typed[0] !== ED25519 && typed[0] !== COSIGNATURE) return own;
  if (typed.length !== 33 || sha256(name, '\n', typed).subarray(0, 4).toString('hex') !== id) return null;
  if (isWeak(typed.subarray(1))) return null;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  return { ...own, key: crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}
/** One of a type that is known here; null: it is none. */
export function verifierKey(text) {
  const own = anyKey(text);
  return own?.key ? own : null;
}
export const isCosigner = ({ type }) => type === COSIGNATURE;
export const isLog = ({ type }) => type === ED25519;

export function note(bytes) {
  const rule = (holds, why) => need(holds, 'note', why);
  rule(bytes.length <= NOTE_BYTES, 'too long');
  rule(isUtf8(bytes), 'not UTF-8');
  const whole = bytes.toString(), cut = whole.lastIndexOf('\n\n');
  rule(!/[\u0000-\u0009\u000b-\u001f]/.test(whole), 'a control character');
  rule(cut >= 0, 'no empty line');
  const lines = whole.slice(cut + 2).split('\n');
  rule(lines.pop() === '', 'the last line is not ended');
  rule(lines.length >= 1 && lines.length <= 64, 'no signatures, or too many');
  const signatures = lines.map((line) => {
    const [, name, text] = /^\u2014 ([^ ]*) (.*)$/s.exec(line) ?? refuse('note', 'a malformed signature line');
    const field = base64(text);
    rule(NAME.test(name) && field?.length >= 5, 'a malformed signature line');
    return { name, id: field.subarray(0, 4).toString('hex'), field };
  });
  return { text: whole.slice(0, cut + 1), signatures };
}

export function checkpointText(text) {
  const rule = (holds, why) => need(holds, 'checkpoint', why);
  const lines = text.split('\n');
  rule(lines.pop() === '' && lines.every((line) => line !== '') && lines.length >= 3, 'it has not three lines, or an empty one');
  const [origin, size, root] = lines;
  rule(number(size) !== null, 'not a size');
  rule(base64(root, 32), 'not a root');
  return { origin, size: number(size), root: base64(root, 32) };
}

/** What a note says of a key: { any: is there a line of its name and id, holds: do all such lines, time: the latest, in seconds }. */
export function signedBy({ text, signatures }, { name, id, type, key }) {
  const own = key ? signatures.filter((signature) => signature.name === name && signature.id === id) : [];
  let time = 0n;
  const holds = own.every(({ field }) => {
    if (type === ED25519) return field.length === 68 && crypto.verify(null, Buffer.from(text), key, field.subarray(4));
    if (field.length !== 76) return false;
    const seconds = field.readBigUInt64BE(4);
    if (seconds > time) time = seconds;
    const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
    return seconds < 1n << 63n && crypto.verify(null, message, key, field.subarray(12));
  });
  return { any: own.length > 0, holds: holds && own.length > 0, time };
}

/** The origin of a checkpoint, its first line. */
export const originOf = (bytes) => Buffer.from(bytes).toString().split('\n', 1)[0];

/** A proof file: { index, path, checkpoint (its bytes) }. */
export function proofFile(bytes) {
  const rule = (holds, why) => need(holds, 'proof', why);
  let rest = Buffer.from(bytes);
  const line = () => {
    const end = rest.indexOf('\n');
    rule(end >= 0, 'it ends too early');
    const text = rest.subarray(0, end).toString('latin1');
    rest = rest.subarray(end + 1);
    return text;
  };
  rule(rest.length <= 2 * NOTE_BYTES, 'too long');
  rule(line() === 'c2sp.org/tlog-proof@v1', 'not a proof');
  let next = line();
  if (next.startsWith('extra ')) {
    rule(base64(next.slice(6))?.length > 0, 'extra data that is not base64');
    next = line();
  }
  const index = next.startsWith('index ') ? number(next.slice(6)) : null;
  rule(index !== null, 'no index');
  const path = [];
  while ((next = line()) !== '') {
    path.push(base64(next, 32) ?? refuse('proof', 'not a hash'));
    rule(path.length <= 64, 'too many hashes');
  }
  rule(rest.length > 0, 'no checkpoint');
  return { index, path, checkpoint: rest };
}
