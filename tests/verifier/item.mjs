// What a sync's item says of itself (core/FORMAT.md, chapters 3 and 5): is it JSON, is its key the one that type and data make, and is
// what stands in a redacted item's place what redacting makes?
import { isUtf8, same } from './bytes.mjs';
import { escaped, IDS } from './event.mjs';
import { parse } from './json.mjs';
import { Refused } from './refused.mjs';

const REDACTED = '[redacted]', GROWS = 10n;

/** The value that the bytes are, nothing around it; null: they are none. */
function value(bytes) {
  if (!isUtf8(bytes)) return null;
  try {
    const text = bytes.toString(), found = parse(text);
    return found.raw === text ? found : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** Is it the component that a type makes? A type is kept with a lone surrogate as %uD800, or, by format 1, in its three bytes. Such letters
 *  that it was sent with are %25uD800 in the component, a surrogate is %uD800 there. */
function typeFits(type, component) {
  const parts = type.toString('latin1').split(/\xed([\xa0-\xbf][\x80-\xbf])/).map((part) => Buffer.from(part, 'latin1'));
  if (!parts.every((part, i) => i % 2 || isUtf8(part))) return false;
  const made = parts.map((part, i) => i % 2 ? `%u${(0xd000 | (part[0] & 0x3f) << 6 | (part[1] & 0x3f)).toString(16).toUpperCase()}` : escaped(part.toString()));
  let at = 0;
  return made.join('').split(/%25(?=uD[89A-F][0-9A-F]{2})/).every((piece, i) => {
    if (i > 0) at += component.startsWith('%25', at) ? 3 : component[at] === '%' ? 1 : component.length;
    const fits = component.startsWith(piece, at);
    at += piece.length;
    return fits;
  }) && at === component.length;
}

/** 'fits', 'redacted' (but for ids that read `[redacted]`), or 'differs'. */
function keyFits(type, key, data) {
  if (!isUtf8(key)) return 'differs';
  const [first, ...rest] = key.toString().split('/'), text = type.toString('latin1'), object = data.kind === 'object';
  const member = (name) => {
    const found = object ? data.members.filter(([own]) => own.text === name).at(-1)?.[1] : undefined;
    return found?.kind === 'string' ? found.text : null;
  };
  const names = Object.hasOwn(IDS, text) ? IDS[text] : member('id') === null ? [] : ['id'];
  if (rest.length !== names.length || !typeFits(type, first)) return 'differs';
  const fits = names.map((name, i) => {
    const id = member(name), is = (own) => escaped(own) === rest[i];
    if (id !== null) return is(id) ? 'fits' : id === REDACTED ? 'redacted' : 'differs';
    const renamed = object ? data.members.filter(([own, its]) => own.text === REDACTED && its.kind === 'string') : [];
    return renamed.some(([, its]) => is(its.text) || its.text === REDACTED) ? 'redacted' : 'differs';
  });
  return fits.includes('differs') ? 'differs' : fits.includes('redacted') ? 'redacted' : 'fits';
}

// ---- what redacting makes ----

const KEPT = ['id', 'type', 'role', 'status', 'action', 'tool', 'mode', 'agent', 'finish', 'mime'];
const FREE = ['input', 'metadata', 'structured', 'schema', 'headers', 'responseHeaders', 'options', 'variants'];
const isId = (name) => /_id$|[a-z0-9]I[Dd]$/.test(name);

/** Strings and names that read `[redacted]`, written so. */
function count(own) {
  const is = ({ kind, raw }) => kind === 'string' && raw === `"${REDACTED}"` ? 1n : 0n;
  if (own.kind === 'object') return own.members.reduce((sum, [name, inner]) => sum + is(name) + count(inner), 0n);
  return own.kind === 'array' ? own.elements.reduce((sum, inner) => sum + count(inner), 0n) : is(own);
}
/** Redacted as a whole, as text. `name`: of the member that it is, '' of one whose name was redacted, or of none. */
function whole(own, name = '', inError = false) {
  if (own.kind === 'object' || own.kind === 'array') {
    const [open, close] = own.kind === 'object' ? '{}' : '[]';
    if (FREE.includes(name)) return open + close;
    if (own.kind === 'array') return `[${own.elements.map((inner) => whole(inner)).join(',')}]`;
    return `{${own.members.map(([{ text }, inner]) => {
      const plain = /^[A-Za-z0-9_$.-]{1,64}$/.test(text);
      return `"${plain ? text : REDACTED}":${whole(inner, plain ? text : '', name === 'error')}`;
    }).join(',')}}`;
  }
  if (own.kind === 'number') return own.raw.length > 32 ? '0' : own.raw;
  if (own.kind !== 'string') return own.raw;
  const kept = KEPT.includes(name) || isId(name) || (inError && name === 'name');
  return `"${kept && /^[A-Za-z0-9_.:/@-]{0,128}$/.test(own.text) ? own.text : REDACTED}"`;
}

/** The rule by which an item is refused, or null; and `marked`, was it redacted on arrival? `state` is sent, marked or withheld. */
export function itemFault({ type, key, data, state, committed = 0n }) {
  const own = value(data), refused = (rule) => ({ rule, marked: state === 'marked' });
  if (!own) return refused('data');
  const fit = keyFits(type, key, own);
  if (fit === 'differs') return refused(state === 'withheld' ? 'replacement' : 'key');
  if (state === 'sent') return { rule: null, marked: fit === 'redacted' };
  const redacted = count(own);
  if (redacted === 0n && !same(Buffer.from(whole(own)), data)) return refused('replacement');
  if (state === 'withheld' && BigInt(data.length) > BigInt(committed) + GROWS * redacted) return refused('replacement');
  return refused(null);
}
