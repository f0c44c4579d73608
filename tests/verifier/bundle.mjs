// A bundle (core/FORMAT.md, chapter 8), by the rules there, in their order.
import { same, sha256 } from './bytes.mjs';
import { KINDS, arrivalFits, commit, cosignedFits, header, inOrder, isShareId, itemNonce, manifest, manifestNonce, said, shareRef, timeFits } from './event.mjs';
import { headStatement, unchecked } from './head.mjs';
import { itemFault } from './item.mjs';
import { NOTE_BYTES, originOf } from './note.mjs';
import { checkpoint } from './policy.mjs';
import { Reader } from './record.mjs';
import { need, refuse } from './refused.mjs';
import { Edge, leafHash } from './tree.mjs';

const ITEMS = 1000000, LOG = 1n << 62n, OWNER = 1;

class Bundle {
  constructor(bytes, policy) {
    Object.assign(this, { in: new Reader(bytes), policy, edge: new Edge(), prev: Buffer.alloc(32), time: 0n, removed: null, erased: 0, withheld: new Map(), places: [] });
    this.said = { events: 0, syncs: 0, items: 0, bytes: 0, withheld: 0, marked: 0 };
    this.redacted = []; // of syncs: what a verifier names
  }

  head() {
    const in_ = this.in;
    need(in_.array() === 4 && in_.str(64).equals(Buffer.from('sharelog-bundle@v1')), 'head', 'not a bundle');
    this.id = in_.str(64).toString('latin1');
    need(isShareId(this.id), 'head', 'not the id of a share');
    this.ref = shareRef(in_.binOf(32), this.id);
    this.count = in_.number();
    need(this.count >= 1n, 'head', 'no events');
  }

  event(sequence) {
    const in_ = this.in, parts = in_.array();
    need(parts === 3 || parts === 6, 'encoding', 'not an event');
    const gap = in_.bin(128 * 32), position = in_.number(), bytes = in_.bin(255);
    const own = header(bytes) ?? refuse('header', 'unreadable');
    need(same(own.shareRef, this.ref), 'share', 'of another share');
    need(own.sequence === sequence, 'sequence', `${own.sequence}`);
    need(same(own.prev, this.prev), 'prev', 'it does not name the one before it');
    need(own.time >= this.time && timeFits(own.time), 'time', 'before that of the event before it, or none');
    need(position >= this.edge.size && position < LOG, 'position', `${position}`);
    this.kind(own.kind, sequence, parts === 3);
    this.edge.fill(position, gap);
    if (parts === 6) this.content(own, sequence);
    if (own.kind === 2n) this.removed = { ...this.removed, time: own.time };
    this.prev = leafHash(bytes);
    this.places.push({ sequence, position, leaf: this.prev });
    this.edge.add(0n, this.prev);
    this.time = own.time;
    if (parts === 3) this.erased = sequence;
    if (sequence === 1n) this.said.first = own.time;
    this.said.last = own.time;
    this.said.syncs += own.kind === 1n ? 1 : 0;
  }

  kind(kind, sequence, erased) {
    const rule = (holds, why) => need(holds, 'kind', why);
    rule(kind < BigInt(KINDS.length), 'not known');
    rule((sequence === 1n) === (kind === 0n), 'a creation that is not the first, or a first that is none');
    rule(!this.removed || kind === 4n, 'after the removal');
    rule(kind !== 4n || this.removed?.by === OWNER, 'an allowance, and not taken down by the owner');
    need(!erased || kind === 1n || kind === 3n, 'erased', 'its content is gone, which it never is');
  }

  nonces() {
    const in_ = this.in;
    if (in_.isBin) {
      const nonce = in_.binOf(32);
      return { manifest: manifestNonce(nonce), of: (i) => itemNonce(nonce, i) };
    }
    const count = in_.array(), own = in_.binOf(16);
    need(count <= ITEMS + 1, 'limit', 'too many nonces');
    const items = Array.from({ length: count - 1 }, () => in_.isNil ? (in_.nil(), null) : in_.binOf(16));
    need(items.includes(null), 'nonces', 'one by one, but nothing is withheld');
    return { manifest: own, items: items.length, of: (i) => items[i] };
  }

  content(own, sequence) {
    const in_ = this.in, kind = KINDS[own.kind], arrived = in_.number(), nonces = this.nonces(), count = in_.array();
    need(count <= ITEMS, 'limit', 'too many items');
    need((nonces.items ?? count) === count, 'nonces', 'not as many as items');
    need(kind === 'sync' || count === 1, 'count', `${count}`);
    this.claims = []; // what it says falsely; told once its bytes are known to be what it commits to
    this.claim(arrivalFits(arrived, own.time), 'arrival', `${arrived}`);
    const items = Array.from({ length: count }, (_, i) => this.item(own, kind, sequence, i, nonces.of(i)));
    need(same(commit(nonces.manifest, manifest(arrived, items)), own.manifest), 'manifest', 'not what its header commits to');
    if (this.claims.length) refuse(...this.claims[0]);
    this.said.items += count;
  }

  claim(holds, rule, why) { if (!holds) this.claims.push([rule, why]); }

  mark() {
    const in_ = this.in, marked = in_.isNumber;
    if (marked) need(in_.number() === 1n, 'encoding', 'not a mark');
    return marked;
  }

  item(own, kind, sequence, i, nonce) {
    const in_ = this.in, all = in_.array(), type = in_.str(256), key = in_.str(4096), marked = this.mark(), parts = all - (marked ? 1 : 0);
    const withheld = parts === 5;
    need(parts === 4 || withheld, 'item', `${parts} parts`);
    need(!marked || kind === 'sync', 'item', `marked, in a ${kind}`);
    need(withheld === !nonce, 'nonces', 'withheld, but its nonce is there, or the other way round');
    need(!withheld || (kind !== 'remove' && kind !== 'allow'), 'item', `withheld from a ${kind}`);
    need(withheld || kind !== 'create', 'item', 'a creation that is not withheld');
    this.claim(kind === 'sync' || (type.equals(Buffer.from(kind)) && key.equals(Buffer.from(kind))), 'key', `not a ${kind}'s`);
    const bytes = in_.bin();
    if (kind === 'remove') this.remove(said(kind, bytes));
    if (kind === 'redact') this.name(own, sequence, said(kind, bytes));
    if (kind === 'allow') said(kind, bytes);
    if (!withheld) {
      const commitment = commit(nonce, bytes);
      need(same(in_.binOf(32), commitment), 'commitment', `event ${sequence}, item ${i}`);
      this.said.bytes += bytes.length;
      if (kind === 'sync') this.look({ type, key, data: bytes, state: marked ? 'marked' : 'sent' }, sequence, i);
      return { type, key, marked, length: bytes.length, commitment };
    }
    const item = { type, key, marked, length: in_.number(), commitment: in_.binOf(32) };
    if (kind === 'create') need(bytes.length === 0, 'item', 'something stands in its place');
    else this.withheld.set(`${sequence}/${i}`, { stands: kind === 'redact' ? sha256(bytes) : bytes, named: false });
    if (kind === 'sync') this.look({ type, key, data: bytes, state: 'withheld', committed: item.length }, sequence, i, marked);
    return item;
  }

  /** A sync's item: what it says must be what a server makes, and what was redacted is remembered. */
  look(item, sequence, i, also = false) {
    const { rule, marked } = itemFault(item), withheld = item.state === 'withheld';
    this.claim(rule === null, rule, `event ${sequence}, item ${i}`);
    this.said.withheld += withheld ? 1 : 0;
    this.said.marked += marked || also ? 1 : 0;
    if (marked || also || withheld) this.redacted.push({ sequence, item: i, key: item.key.toString(), onArrival: marked || also, withheld, by: null });
  }

  remove({ who, positions }) {
    this.claim(positions.length === this.places.length && positions.every((position, i) => position === this.places[i].position), 'positions', 'not the share\'s');
    this.removed = { by: who };
  }

  /** What a redact event names is withheld, and what it says is what stands there. */
  name(own, sequence, { who, reason, entries }) {
    this.claim(inOrder(entries), 'targets', 'not in order');
    for (const { sequence: of, item, replacement } of entries) {
      const found = this.withheld.get(`${of}/${item}`), fits = found && same(found.stands, replacement);
      this.claim(fits, 'targets', `event ${of}, item ${item}`);
      if (!fits) continue;
      found.named = true;
      const told = this.redacted.find((one) => one.sequence === of && BigInt(one.item) === item && one.withheld);
      if (told) told.by = { sequence, time: own.time, who, reason: reason.toString() };
    }
  }

  tail() {
    const in_ = this.in;
    const parts = in_.array();
    need(parts === 2 || parts === 3, 'encoding', 'not a tail');
    const gap = in_.bin(128 * 32), note = in_.str(NOTE_BYTES);
    if (parts === 3) this.note = in_.str(8192);
    need(in_.atEnd, 'end', 'something follows');
    const { size, root, cosignatures, oldest } = checkpoint(note, this.policy);
    need(size >= this.edge.size && size <= LOG, 'size', `${size}`);
    need(cosignedFits(this.time, oldest), 'cosigned', 'its last event is dated after a witness had seen it');
    this.edge.fill(size, gap);
    need(same(this.edge.root(), root), 'root', 'not those of the signed log');
    Object.assign(this.said, { logSize: size, root, cosignatures });
    this.origin = originOf(note);
  }

  /** What the tail says of the end fits what was there; signed, if the key of such is known. */
  statement() {
    if (!this.note) return;
    const { said } = unchecked(this.note), first = this.places[0], last = this.places.at(-1), fit = (holds, why) => need(holds, 'fit', why);
    fit(said.origin === this.origin, 'of another log');
    fit(said.id === this.id && same(said.ref, this.ref), 'of another share');
    fit(said.sequence === this.count, 'it ends at another event');
    fit(said.first === first.position && said.last === last.position, 'at other positions');
    fit(same(said.leaf, last.leaf), 'another last event');
    fit(said.time >= this.time, 'from before its last event');
    const { head, now } = typeof this.policy === 'string' ? {} : this.policy;
    if (head) headStatement(this.note, head, { now });
    this.said.statement = { holds: head !== undefined, sequence: said.sequence, size: said.size, time: said.time };
  }

  verdict() {
    this.head();
    for (let sequence = 1n; sequence <= this.count; sequence++) this.event(sequence);
    this.tail();
    for (const [place, { named }] of this.withheld) need(named, 'withheld', place);
    need(!this.erased || this.removed, 'erased', `event ${this.erased}`);
    this.statement();
    const { redacted } = this;
    return { ...this.said, id: this.id, events: Number(this.count), removed: this.removed, redacted };
  }
}

/** As evidence takes it: what it says, and where each event lies. */
export function bundleEvidence(bytes, policy) {
  const own = new Bundle(bytes, policy), said = own.verdict();
  return { ...said, origin: own.origin, ref: own.ref, places: own.places };
}

/** What a bundle says, once it is verified: { id, events, syncs, items, bytes, withheld, first, last, removed: { time, by } or null, logSize, root, cosignatures }, and of one with a
 *  head statement { statement: { holds (its key was known), sequence, size, time } }: only if it holds, those are all of its events at that size. */
export const bundle = (bytes, policy) => new Bundle(bytes, policy).verdict();
