// Head statements: what a log says of the end of one share (core/FORMAT.md, chapter 6).
import { base64 } from './bytes.mjs';
import { isShareId } from './event.mjs';
import { note, signedBy, verifierKey } from './note.mjs';
import { need, refuse } from './refused.mjs';

const NUMBER = /^(?:0|[1-9][0-9]{0,19})$/, LOG = 1n << 62n, BYTES = 8192, AHEAD_S = 600n;
const ORIGIN = 200, NAMES = ['origin', 'share', 'ref', 'first', 'last', 'sequence', 'leaf', 'size', 'time'];

/** The text's values by name, or null: it is no statement. */
function values(text) {
  const [form, ...lines] = text.split('\n');
  if (form !== 'sharelog/head@v1' || lines.pop() !== '' || lines.length !== NAMES.length) return null;
  const out = {};
  for (const [i, name] of NAMES.entries()) {
    if (!lines[i].startsWith(`${name} `)) return null;
    out[name] = lines[i].slice(name.length + 1);
  }
  return out;
}

/** A statement's text; null: it is none. */
export function statement(text) {
  const own = values(text);
  if (!own) return null;
  const number = (digits, below) => NUMBER.test(digits) && BigInt(digits) < below ? BigInt(digits) : null;
  const out = { origin: own.origin, id: own.share, ref: base64(own.ref, 32), leaf: base64(own.leaf, 32), time: number(own.time, 1n << 64n) };
  for (const name of ['first', 'last', 'sequence', 'size']) out[name] = number(own[name], LOG + 1n);
  if (!verifierName(out.origin) || !isShareId(out.id) || Object.values(out).includes(null)) return null;
  const { first, last, sequence, size } = out;
  const lies = sequence > 0n && first <= last && last < size && last - first >= sequence - 1n && (sequence > 1n || first === last);
  return lies ? out : null;
}
/** A log's name: one that a key can have, and short enough for another to be called after it. */
const verifierName = (origin) => Buffer.byteLength(origin) <= ORIGIN && /^(?:(?![\u0000-\u001f\u007f-\u009f+])(?:\S|\ufeff))+$/u.test(origin);

/** A note of a statement, its text read and not more. */
export function unchecked(bytes) {
  need(bytes.length <= BYTES, 'note', 'too long');
  const signed = note(Buffer.from(bytes));
  return { signed, said: statement(signed.text) ?? refuse('statement', 'not a head statement') };
}

/** A statement that the key signed (a verifier key): its values. The clock, if known: { now, maxAge (none: any age) }, in seconds. */
export function headStatement(bytes, head, { now, maxAge } = {}) {
  const key = verifierKey(head), { signed, said } = unchecked(bytes);
  need(key.name === `${said.origin}/head`, 'origin', `of ${said.origin}`);
  need(signedBy(signed, key).holds, 'signature', 'not signed by the log');
  if (now === undefined) return said;
  const seconds = said.time / 1000n;
  need(seconds <= BigInt(now) + AHEAD_S, 'time', 'dated in the future');
  need(!maxAge || seconds + BigInt(maxAge) >= BigInt(now), 'time', 'signed too long ago');
  return said;
}
