// Signed notes, checkpoints, verifier keys, policies and the proof file (core/FORMAT.md, chapters 6 and 9).
import crypto from 'node:crypto';
import { base64, isUtf8, sha256 } from './bytes.mjs';
import { need, refuse } from './refused.mjs';

// White_Space of Unicode: what \s has but U+FEFF, and U+0085.
const NAME = /^(?:(?![\u0000-\u001f+\u0085])(?:\S|\ufeff))+$/u;
const NUMBER = /^(?:0|[1-9][0-9]{0,19})$/;
const ED25519 = 1, COSIGNATURE = 4;

function number(text) {
  return NUMBER.test(text) && BigInt(text) < 1n << 64n ? BigInt(text) : null;
}

/** A verifier key; null: it is none. */
export function verifierKey(text) {
  const [, name, id, key] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  const typed = base64(key, 33);
  if (!typed || !NAME.test(name) || /[\u007f-\u009f]/.test(name) || Buffer.byteLength(name) > 200) return null;
  if (typed[0] !== ED25519 && typed[0] !== COSIGNATURE) return null;
  if (sha256(name, '\n', typed).subarray(0, 4).toString('hex') !== id) return null;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  return { name, id, type: typed[0], key: crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

function note(bytes) {
  const rule = (holds, why) => need(holds, 'note', why);
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

function checkpointText(text) {
  const rule = (holds, why) => need(holds, 'checkpoint', why);
  const lines = text.split('\n');
  rule(lines.pop() === '' && lines.every((line) => line !== '') && lines.length >= 3, 'it has not three lines, or an empty one');
  const [origin, size, root] = lines;
  rule(number(size) !== null, 'not a size');
  rule(base64(root, 32), 'not a root');
  return { origin, size: number(size), root: base64(root, 32) };
}

function signedBy({ text, signatures }, { name, id, type, key }) {
  const own = signatures.filter((signature) => signature.name === name && signature.id === id);
  return own.length > 0 && own.every(({ field }) => {
    if (type === ED25519) return field.length === 68 && crypto.verify(null, Buffer.from(text), key, field.subarray(4));
    if (field.length !== 76) return false;
    const seconds = field.readBigUInt64BE(4);
    const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
    return seconds < 1n << 63n && crypto.verify(null, message, key, field.subarray(12));
  });
}

/** A checkpoint that a policy accepts: { log: verifier key, witnesses: [verifier key], quorum } as texts, or the log's key alone. */
export function checkpoint(bytes, policy) {
  const { log, witnesses = [], quorum = 0 } = typeof policy === 'string' ? { log: policy } : policy;
  const key = verifierKey(log), signed = note(Buffer.from(bytes)), { origin, size, root } = checkpointText(signed.text);
  need(origin === key.name, 'origin', `of ${origin}`);
  need(signedBy(signed, key), 'signature', 'not signed by the log');
  const cosignatures = witnesses.filter((witness) => signedBy(signed, verifierKey(witness))).length;
  need(cosignatures >= quorum, 'quorum', `${cosignatures} witnesses signed`);
  return { size, root, cosignatures };
}

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
  rule(rest.length <= 128 * 1024, 'too long');
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
