// A share of a log that is made up: its events, the log's other leaves, its bundle and its events' answers; as they should be, or with one
// thing wrong and all else (chain, tree, signature) right for it.
import { Raw, Text, bytesOf, cat, checkpointText, cover, hex, inclusion, leafHash, makeKey, note, pack, rootOf, sha256, u64 } from './encode.mjs';
import { itemNonce, manifestNonce, packManifest } from './events.mjs';

export const log = makeKey('sharelog.example/log');
export const KINDS = ['create', 'sync', 'remove', 'redact', 'allow'];
export const TIME = 1700000000000n;
const ID = 'dXn5PvMt', SALT = bytesOf('salt');

export const item = (type, key, data, more = {}) => ({ type: Buffer.from(type), key: Buffer.from(key), data: Buffer.from(data), ...more });
const event = (kind, position, ...items) => ({ kind, position, items });

/** A create, a sync of two items, two syncs of one: at positions 1, 2, 5 and 9 of a log of 21 events. */
export function share() {
  const secret = item('create', 'create', pack([ID, 'ses_0123456789abcdXn5PvMt', SALT, 0, bytesOf('secret'), 0]));
  return new Share([
    event(0, 1, { ...secret, withheld: Buffer.alloc(0) }),
    event(1, 2, item('message', 'message/msg_1', '{"id":"msg_1","role":"user"}'), item('session', 'session', '{"id":"ses_1","title":"first"}')),
    event(1, 5, item('message', 'message/msg_1', '{"id":"msg_1","role":"assistant"}')),
    event(1, 9, item('part', 'part/msg_1/prt_1', '{"id":"prt_1","messageID":"msg_1","text":"hello"}')),
  ]);
}

class Share {
  constructor(events) { Object.assign(this, { id: ID, salt: SALT, events, size: 21 }); }

  add(kind, position, body, more = {}) {
    this.events.push({ ...event(kind, position, ...(body ? [item(KINDS[kind], KINDS[kind], body)] : [])), ...more });
    return this;
  }
  /** Item `i` of event `sequence` is withheld, with that in its place; a redact event says so. `said`: what it says, if it says something else. */
  redact(position, sequence, i, stands, said = stands, more = {}) {
    this.events[sequence - 1].items[i].withheld = Buffer.from(stands);
    return this.add(3, position, pack([1, 'a reason', [[sequence, i, Buffer.from(said)]]]), { names: [[sequence, i]], ...more });
  }
  /** The contents of syncs and redact events go. */
  remove(position, who = 1) {
    const positions = this.events.map((own) => own.position);
    for (const own of this.events) own.erased = own.kind === 1 || own.kind === 3;
    return this.add(2, position, pack([who, 'a reason', positions]));
  }
  allow(position) { return this.add(4, position, pack([1, ''])); }

  /** Nonces, headers, leaves. */
  seal() {
    let prev = Buffer.alloc(32);
    this.leaves = Array.from({ length: this.size }, (_, i) => bytesOf(`leaf ${i}`));
    this.events.forEach((own, at) => {
      own.sequence ??= at + 1;
      own.time ??= TIME + BigInt(10 * (at + 1));
      own.nonce = bytesOf(`nonce ${at}`);
      own.arrived ??= own.time * 1000n - 500n;
      own.commitments = own.items.map(({ data }, i) => sha256(itemNonce(own.nonce, i), data));
      const listed = own.items.map(({ type, key, data, marked }, i) => ({ type, key, marked, length: data.length, commitment: own.commitments[i] }));
      own.header = pack([1, own.kind, own.ref ?? sha256(this.salt, this.id), own.sequence, own.time, own.prev ?? prev,
        sha256(manifestNonce(own.nonce), packManifest(own.arrived, listed))]);
      if (own.header_is) own.header = own.header_is(own.header);
      prev = leafHash(own.header);
      if (own.position < this.size) this.leaves[own.position] = prev;
    });
    return this;
  }

  note() {
    const text = checkpointText(log.name, this.size, rootOf(this.leaves));
    return note(text, log.line(text));
  }

  // ---- its bundle ----

  gap(from, to) {
    return cat(...(to > this.size ? [] : cover(from, to)).map(([level, index]) => rootOf(this.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))));
  }
  item(own, i) {
    const { type, key, data, withheld, marked } = own.items[i], names = [new Text(type), new Text(key), ...(marked ? [1] : [])];
    return withheld ? [...names, withheld, data.length, own.commitments[i]] : [...names, data, own.commitments[i]];
  }
  nonces(own) {
    if (!own.items.some(({ withheld }) => withheld)) return own.nonce;
    return [manifestNonce(own.nonce), ...own.items.map(({ withheld }, i) => withheld ? null : itemNonce(own.nonce, i))];
  }

  /** As values to be packed: { head, events, tail }. */
  values() {
    let at = 0;
    this.seal();
    const events = this.events.map((own) => {
      const place = [this.gap(at, own.position), own.position, own.header];
      at = own.position + 1;
      return own.erased ? place : [...place, own.arrived, this.nonces(own), own.items.map((_, i) => this.item(own, i))];
    });
    return { head: ['sharelog-bundle@v1', this.id, this.salt, this.said ?? events.length], events, tail: [this.gap(at, this.size), this.note()] };
  }
  /** Its bytes; `bend` changes the values before. */
  bundle(bend) {
    const values = this.values();
    const changed = bend?.(values) ?? values;
    return Buffer.isBuffer(changed) ? changed : cat(...[changed.head, ...changed.events, changed.tail].map(pack));
  }

  // ---- an event's answer ----

  /** As members; { kind: 'raw' } stands for itself. */
  answer(sequence) {
    this.seal();
    const own = this.events[sequence - 1], items = own.erased ? [] : own.items, leaf = hex(leafHash(own.header));
    const lengths = items.map(({ data, withheld }) => (withheld ?? data).length), held = items.some(({ withheld }) => withheld);
    const types = new Map();
    for (const { type } of items) types.set(quoted(type), (types.get(quoted(type)) ?? 0) + 1);
    const stands = items.filter(({ withheld }) => own.kind === 1 || !withheld || withheld.length);
    return {
      id: this.id, seq: own.sequence, position: own.position, time: own.time, kind: KINDS[own.kind], arrived: own.erased ? 0 : own.arrived,
      items: items.map(({ type, key, data, withheld, marked }, i) => ({ type: raw(quoted(type)), key: raw(quoted(key)), bytes: lengths[i],
        ...(marked ? { redactedOnArrival: true } : {}),
        ...(withheld ? { withheld: true, committedBytes: data.length, commitment: own.commitments[i].toString('base64') } : {}) })),
      bytes: lengths.reduce((sum, n) => sum + n, 0), types: raw(`{${[...types].map(([type, n]) => `${type}:${n}`).join(',')}}`),
      hash: leaf, leaf, header: own.header.toString('base64'), nonce: own.erased || held ? null : own.nonce.toString('base64'),
      ...(held && !own.erased ? { nonces: { manifest: manifestNonce(own.nonce).toString('base64'),
        items: items.map(({ withheld }, i) => withheld ? null : itemNonce(own.nonce, i).toString('base64')) } } : {}),
      salt: this.salt.toString('base64'),
      data: stands.map(({ type, data, withheld }) => ({ type: raw(quoted(type)), data: own.kind === 1 ? raw((withheld ?? data).toString()) : (withheld ?? data).toString('base64') })),
    };
  }
  proof(sequence) {
    const { position } = this.events[sequence - 1];
    const path = inclusion(position, this.leaves).map((hash) => `${hash.toString('base64')}\n`).join('');
    return `c2sp.org/tlog-proof@v1\nindex ${position}\n${path}\n${this.note()}`;
  }
}

/** JSON that stands for itself. */
export const raw = (text) => ({ [RAW]: text });
const RAW = Symbol('raw');

/** UTF-8, and surrogates alone in three bytes, as a JSON string. */
function quoted(bytes) {
  return JSON.stringify(bytes.toString('latin1').replace(/\xed([\xa0-\xbf])([\x80-\xbf])/g, (_, a, b) =>
    String.fromCharCode(0xd000 | (a.charCodeAt(0) & 0x3f) << 6 | (b.charCodeAt(0) & 0x3f))).replace(/[\xc2-\xf4][\x80-\xbf]+/g, (text) => Buffer.from(text, 'latin1').toString()));
}

export function json(value) {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
  if (RAW in value) return value[RAW];
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${json(member)}`).join(',')}}`;
}
export { Raw, Text, bytesOf, cat, checkpointText, hex, itemNonce, makeKey, note, pack, rootOf, sha256, u64 };
