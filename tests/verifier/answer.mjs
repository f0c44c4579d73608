// One event's answer (core/FORMAT.md, chapter 7), by the rules there, in their order.
import { base64, isUtf8, same } from './bytes.mjs';
import { KINDS, arrivalFits, bodies, commit, cosignedFits, header, inOrder, isShareId, itemNonce, manifest, manifestNonce, shareRef, textBytes, timeFits } from './event.mjs';
import { itemFault } from './item.mjs';
import { parse } from './json.mjs';
import { proofFile } from './note.mjs';
import { checkpoint } from './policy.mjs';
import { Refused, need, refuse } from './refused.mjs';
import { included, leafHash } from './tree.mjs';

const MUST = ['seq', 'position', 'time', 'kind', 'arrived', 'items', 'bytes', 'types', 'hash', 'leaf', 'header', 'nonce', 'data', 'id', 'salt'];
const MAY = ['nonces'];

/** The members of those names, each at most once; null: not so. */
function members(value, must, may = []) {
  if (value?.kind !== 'object') return null;
  const out = {};
  for (const [name, member] of value.members) {
    if (!must.includes(name.text) && !may.includes(name.text)) continue;
    if (Object.hasOwn(out, name.text)) return null;
    out[name.text] = member;
  }
  return must.every((name) => Object.hasOwn(out, name)) ? out : null;
}

const number = (value) => value?.kind === 'number' && /^[0-9]+$/.test(value.raw) && BigInt(value.raw) < 1n << 64n ? BigInt(value.raw) : null;
const plain = (value) => value?.kind === 'string' ? value.raw.slice(1, -1) : null; // as it stands: what is never escaped
const bytesOf = (value, length) => base64(plain(value), length);
const missing = (value) => !value || value.kind === 'null';
const is = (value, expected) => number(value) === BigInt(expected);

class Answer {
  constructor(has) { Object.assign(this, { has, said: { content: false, withheld: 0, marked: 0 }, claims: [] }); }

  place() {
    const { has } = this, bytes = bytesOf(has.header), own = bytes && header(bytes);
    need(own, 'header', 'unreadable');
    const leaf = leafHash(bytes), hex = leaf.toString('hex');
    need(plain(has.hash) === hex && plain(has.leaf) === hex, 'leaf', 'not that of its header');
    need(timeFits(own.time), 'time', `${own.time}`);
    const kind = KINDS[own.kind] ?? refuse('kind', `${own.kind}`);
    need(is(has.seq, own.sequence) && is(has.time, own.time) && plain(has.kind) === kind, 'place', 'not its header\'s');
    Object.assign(this, { own, leaf, kind });
    Object.assign(this.said, { sequence: own.sequence, time: own.time, kind });
  }

  share() {
    const { id, salt } = this.has;
    need(!missing(id) && !missing(salt), 'share', 'not bound to a share');
    need(isShareId(plain(id) ?? '') && bytesOf(salt, 32), 'share', 'not an id and a salt');
    need(same(shareRef(bytesOf(salt, 32), plain(id)), this.own.shareRef), 'share', 'of another share');
    this.said.id = plain(id);
  }

  inclusion(proof, policy) {
    const { index, path, checkpoint: note } = proofFile(proof), { size, root, cosignatures, oldest } = checkpoint(note, policy);
    need(is(this.has.position, index), 'position', `the proof is of ${index}`);
    need(included(this.leaf, index, size, path, root), 'inclusion', 'not in the log');
    need(cosignedFits(this.own.time, oldest), 'cosigned', 'dated after a witness had seen it');
    Object.assign(this.said, { position: index, logSize: size, cosignatures });
  }

  nonces() {
    const { nonce, nonces } = this.has, rule = (holds, why) => need(holds, 'nonces', why);
    if (!missing(nonce)) {
      rule(missing(nonces), 'there beside the nonce');
      const own = bytesOf(nonce, 32) ?? refuse('nonces', 'not 32 bytes');
      return { manifest: manifestNonce(own), of: (i, withheld) => withheld ? refuse('nonces', 'withheld, but the nonce is there') : itemNonce(own, i) };
    }
    const parts = members(nonces, [], ['manifest', 'items']), own = bytesOf(parts?.manifest, 16), items = parts?.items;
    rule(own && items?.kind === 'array', 'not a manifest\'s nonce and a list');
    return { manifest: own, list: items.elements, of: (i, withheld) => {
      const value = items.elements[i] ?? refuse('nonces', 'too few');
      if (withheld) return missing(value) ? null : refuse('nonces', 'withheld, but its nonce is there');
      return bytesOf(value, 16) ?? refuse('nonces', 'not 16 bytes');
    } };
  }

  /** The bytes that stand in `data` for an item: as they are, or of base64. */
  data(i, type, withheld) {
    const entry = this.has.data.elements[i], rule = (holds, why) => need(holds, 'data', why);
    if (!entry && withheld && this.kind !== 'sync') return Buffer.alloc(0);
    const parts = members(entry, ['type', 'data']);
    rule(parts?.type.kind === 'string' && same(textBytes(parts.type.text), type), 'no entry of it');
    return this.kind === 'sync' ? Buffer.from(parts.data.raw) : bytesOf(parts.data) ?? refuse('data', 'not base64');
  }

  item(value, i, nonces) {
    const has = members(value, ['type', 'key', 'bytes'], ['withheld', 'committedBytes', 'commitment', 'redactedOnArrival']);
    const rule = (holds, why) => need(holds, 'item', why);
    rule(has?.type.kind === 'string' && has.key.kind === 'string', 'not one type, key and bytes');
    const withheld = has.withheld !== undefined, marked = has.redactedOnArrival !== undefined, type = textBytes(has.type.text), key = textBytes(has.key.text);
    rule(!withheld || has.withheld.kind === 'true', 'withheld, and not true');
    rule(!marked || has.redactedOnArrival.kind === 'true', 'redactedOnArrival, and not true');
    rule(!withheld || (this.kind !== 'remove' && this.kind !== 'allow'), `withheld from a ${this.kind}`);
    rule(!marked || this.kind === 'sync', `marked, in a ${this.kind}`);
    rule(withheld || this.kind !== 'create', 'a creation that is not withheld');
    const nonce = nonces.of(i, withheld), bytes = this.data(i, type, withheld);
    need(is(has.bytes, bytes.length), 'bytes', `its data has ${bytes.length}`);
    this.said.withheld += withheld ? 1 : 0;
    if (!withheld) {
      rule(!has.committedBytes && !has.commitment, 'a commitment, but it is not withheld');
      this.look({ type, key, data: bytes, state: marked ? 'marked' : 'sent' });
      return { raw: has.type.raw, bytes: bytes.length, type, key, marked, length: bytes.length, commitment: commit(nonce, bytes) };
    }
    const length = number(has.committedBytes), commitment = bytesOf(has.commitment, 32);
    rule(length !== null && commitment, 'withheld, but without its commitment');
    this.look({ type, key, data: bytes, state: 'withheld', committed: length }, marked);
    return { raw: has.type.raw, bytes: bytes.length, type, key, marked, length, commitment };
  }

  claim(holds, rule, why) { if (!holds) this.claims.push([rule, why]); }

  /** What an item says of itself; told once the manifest is known to be what the header commits to. */
  look(item, also = false) {
    const own = Buffer.from(this.kind);
    if (this.kind === 'sync') {
      const { rule, marked } = itemFault(item);
      this.claim(rule === null, rule, 'an item');
      this.said.marked += marked || also ? 1 : 0;
      return;
    }
    this.claim(same(item.type, own) && same(item.key, own), 'key', `not a ${this.kind}'s`);
    if (this.kind === 'create') return void this.claim(item.data.length === 0, 'item', 'something stands in its place');
    try {
      const { entries = [] } = bodies[this.kind](item.data);
      this.claim(inOrder(entries) && entries.every(({ sequence }) => sequence < this.own.sequence), 'targets', 'not in order, or not before it');
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.claim(false, 'record', error.message);
    }
  }

  sums(items) {
    const sum = (name) => items.reduce((all, item) => all + BigInt(item[name]), 0n), counts = new Map();
    need(is(this.has.bytes, sum('bytes')) || is(this.has.bytes, sum('length')), 'bytes', 'not those of the items');
    for (const { raw } of items) counts.set(raw, (counts.get(raw) ?? 0n) + 1n);
    const { types } = this.has;
    need(types.kind === 'object' && types.members.length === counts.size, 'types', 'not the items\'');
    for (const [name, value] of types.members) {
      need(counts.has(name.raw) && is(value, counts.get(name.raw)), 'types', name.raw);
      counts.delete(name.raw); // each once
    }
  }

  content() {
    const { has } = this;
    need(has.items.kind === 'array' && has.data.kind === 'array', 'lists', 'not lists');
    if (missing(has.nonce) && missing(has.nonces)) {
      need(this.kind === 'sync' || this.kind === 'redact', 'erased', 'which it never is');
      need(!has.items.elements.length && !has.data.elements.length && (missing(has.arrived) || is(has.arrived, 0)), 'erased', 'content without a nonce');
      return this.sums([]);
    }
    const nonces = this.nonces(), arrived = number(has.arrived), listed = has.items.elements;
    need(arrived !== null, 'arrived', 'not a time');
    need(this.kind === 'sync' || listed.length === 1, 'count', `${listed.length}`);
    const items = listed.map((value, i) => this.item(value, i, nonces));
    need(has.data.elements.length <= listed.length, 'data', 'more entries than items');
    need(!nonces.list || (nonces.list.length === listed.length && this.said.withheld > 0), 'nonces', 'more than items, or nothing is withheld');
    need(same(commit(nonces.manifest, manifest(arrived, items)), this.own.manifest), 'manifest', 'not what its header commits to');
    need(arrivalFits(arrived, this.own.time), 'arrival', `${arrived}`);
    if (this.claims.length) refuse(...this.claims[0]);
    this.said.content = true;
    return this.sums(items);
  }
}

/** The answer's and the proof file's bytes; what they say, once verified. */
export function answer(bytes, proof, policy) {
  need(isUtf8(bytes), 'json', 'not UTF-8');
  const has = members(parse(bytes.toString()), MUST, MAY) ?? refuse('members', 'not each once'), own = new Answer(has);
  own.place();
  own.share();
  own.inclusion(proof, policy);
  own.content();
  return own.said;
}
