// Head statements, bundles that carry one, and pairs that can't both be true.
import { bytesOf, cat, checkpointText, hex, hmac, makeKey, note, pack, sha256 } from './encode.mjs';
import { share, log, TIME } from './share.mjs';

const seed = bytesOf(`key ${log.name}`); // as makeKey has it
const head = makeKey(`${log.name}/head`, 1, hmac(seed, 'sharelog head statement v1'));
const NAMES = ['origin', 'share', 'ref', 'first', 'last', 'sequence', 'leaf', 'size', 'time'];

/** What is true of a share's end (of its first `n` events, at a size), with members changed. */
function statementOf(own, changed = {}, n = own.events.length, size = own.size) {
  own.seal();
  const last = own.events[n - 1];
  return { origin: log.name, share: own.id, ref: sha256(own.salt, own.id), first: own.events[0].position, last: last.position, sequence: n,
    leaf: own.leaves[last.position], size, time: last.time + 1000n, ...changed };
}
const words = (value) => Buffer.isBuffer(value) ? value.toString('base64') : `${value}`;
const textOf = (said) => `sharelog/head@v1\n${NAMES.map((name) => `${name} ${words(said[name])}\n`).join('')}`;
const sign = (text, key = head) => note(text, key.line(text));
const signed = (said) => sign(textOf(said));
/** What came true of a share when an event was its last: a receipt. */
const receipt = (own, n) => statementOf(own, { time: own.seal().events[n - 1].time }, n, own.events[n - 1].position + 1);
const plain = (said) => Object.fromEntries(NAMES.map((name) => [name, Buffer.isBuffer(said[name]) ? hex(said[name]) : `${said[name]}`]));

// ---- by themselves ----

const accepted = (name, said, text = signed(said)) => ({ name, kind: 'statement', note: text, verdict: 'accepted', ...plain(said) });
const refused = (name, rule, text) => ({ name, kind: 'statement', note: text, verdict: 'refused', rule });

/** For a verifier that knows what time it is. */
const seconds = ({ time }) => BigInt(time) / 1000n;
const clock = (now, age) => ({ now: `${now}`, ...(age && { max_age: `${age}` }) });
const at = (name, said, now, age) => ({ ...accepted(name, said), ...clock(now, age) });
const refusedAt = (name, said, now, age) => ({ ...refused(name, 'time', signed(said)), ...clock(now, age) });

function statements() {
  const said = statementOf(share()), text = textOf(said), one = receipt(share(), 1), bad = (name, changed) => refused(name, 'statement', signed({ ...said, ...changed }));
  const without = (name) => text.split('\n').filter((line) => !line.startsWith(`${name} `)).join('\n');
  const swapped = text.replace(/(first .*\n)(last .*\n)/, '$2$1');
  return [
    accepted('of four events in a log of 21', said),
    accepted('a receipt of the third event', receipt(share(), 3)),
    accepted('of a share\'s only event', one),
    accepted('a log\'s size as its last position and one', statementOf(share(), {}, 4, 10)),
    accepted('the largest numbers', { ...said, last: (1n << 62n) - 1n, size: 1n << 62n, sequence: (1n << 62n) - 1n, time: (1n << 64n) - 1n }),
    at('600 seconds ahead', said, seconds(said) - 600n),
    refusedAt('601 seconds ahead', said, seconds(said) - 601n),
    at('as old as it may be', said, seconds(said) + 86400n, 86400),
    refusedAt('a second older', said, seconds(said) + 86401n, 86400),
    at('of any age', said, seconds(said) + 86400n * 3650n),
    accepted('another\'s signature beside it', said, note(text, makeKey('someone.example').line(text), head.line(text))),
    bad('no event', { sequence: 0 }),
    bad('the last position before the first', { first: 9, last: 1 }),
    bad('more events than positions', { sequence: 10 }),
    bad('one event at two positions', { sequence: 1 }),
    bad('a size at the last position', { size: 9 }),
    bad('a size beyond any log', { size: (1n << 62n) + 1n }),
    bad('a number with a leading zero', { size: '021' }),
    bad('a number with a sign', { last: '+9' }),
    bad('a time beyond 64 bits', { time: 1n << 64n }),
    bad('a ref of 31 bytes', { ref: said.ref.subarray(1) }),
    bad('a leaf that is not base64', { leaf: said.leaf.toString('base64').replace('=', '') }),
    bad('no id of a share', { share: 'a.b' }),
    bad('an origin with a space', { origin: 'two words' }),
    bad('an origin of 201 bytes', { origin: 'n'.repeat(201) }),
    ...NAMES.map((name) => refused(`without ${name}`, 'statement', sign(without(name)))),
    refused('two lines in another order', 'statement', sign(swapped)),
    refused('a line more', 'statement', sign(`${text}more 1\n`)),
    refused('two spaces', 'statement', sign(text.replace('size ', 'size  '))),
    refused('a form of another version', 'statement', sign(text.replace('@v1', '@v2'))),
    refused('a checkpoint', 'statement', sign(checkpointText(log.name, 21, bytesOf('root')))),
    refused('no signature', 'note', `${text}\n`),
    refused('a carriage return', 'note', sign(text).replaceAll('\n', '\r\n')),
    refused('longer than it may be', 'note', note(text, head.line(text), ...Array.from({ length: 60 }, (_, i) => makeKey(`${'someone'.repeat(9)}-${i}`).line(text)))),
    refused('of another log, which signed it', 'origin', (() => {
      const other = textOf({ ...said, origin: 'other.example/log' });
      return note(other, makeKey('other.example/log/head').line(other));
    })()),
    refused('of another log, signed by this one', 'origin', signed({ ...said, origin: 'other.example/log' })),
    refused('signed with the key of checkpoints', 'signature', sign(text, log)),
    refused('signed by another key of that name', 'signature', sign(text, makeKey(head.name, 1, bytesOf('another')))),
    ...[['last', 8], ['sequence', 3], ['leaf', bytesOf('another')], ['size', 22], ['time', said.time + 1n], ['share', 'dXn5PvMu'], ['first', 0]].map(([name, value]) =>
      refused(`another ${name} than was signed`, 'signature', note(textOf({ ...said, [name]: value }), head.line(text)))),
  ];
}

// ---- in bundles ----

const bundleOf = (own, text) => own.bundle(text === null ? undefined : ({ tail }) => { tail.push(text ?? signed(statementOf(own))); });
const inBundle = (name, own, { text, keys = 'both', said } = {}) => {
  const bytes = bundleOf(own, text), statement = text === null ? null : said ?? statementOf(own);
  return { name, kind: 'bundle', keys, bundle: bytes.toString('base64'), verdict: 'accepted', events: `${own.events.length}`,
    statement: statement && { holds: keys === 'both', sequence: `${statement.sequence}`, size: `${statement.size}`, time: `${statement.time}` } };
};
const notInBundle = (name, rule, own, text, keys = 'both') => ({ name, kind: 'bundle', keys, bundle: bundleOf(own, text).toString('base64'), verdict: 'refused', rule });

/** A share as it was before its last event, in the log as it is: what anybody can make of an old bundle, the log's tiles and its newest checkpoint. */
function cut(own) {
  own.seal();
  const { leaves } = own, short = Object.assign(share(), { events: own.events.slice(0, -1).map((event) => ({ ...event, erased: false })), size: own.size });
  const seal = short.seal.bind(short);
  short.seal = () => { seal(); short.leaves = leaves; return short; };
  return short;
}

function inBundles() {
  const removed = () => share().remove(12), grown = () => share().remove(12);
  const early = statementOf(share(), {}, 4, 12), late = statementOf(grown());
  const changed = (name, value) => signed(statementOf(share(), { [name]: value }));
  return [
    inBundle('a statement of the end', share()),
    inBundle('of a removed share', removed()),
    inBundle('at a size below the checkpoint\'s', share(), { text: signed(statementOf(share(), {}, 4, 10)), said: statementOf(share(), {}, 4, 10) }),
    inBundle('at a size beyond the checkpoint\'s', share(), { text: signed(statementOf(share(), {}, 4, 99)), said: statementOf(share(), {}, 4, 99) }),
    inBundle('the key of statements not given: unchecked', share(), { keys: 'log' }),
    inBundle('signed by nobody who is known, and the key not given: unchecked', share(), { keys: 'log', text: sign(textOf(statementOf(share())), makeKey('x')) }),
    inBundle('none: what came later is not known', share(), { text: null }),
    inBundle('the removal cut off, the log\'s tiles and newest checkpoint behind: no statement, so nothing is said of the end', cut(removed()), { text: null }),
    inBundle('the same with an old statement: complete as of then', cut(removed()), { text: signed(early), said: early }),
    notInBundle('the same with the newest statement', 'fit', cut(removed()), signed(late)),
    notInBundle('the same with a forged one', 'signature', cut(removed()), sign(textOf(statementOf(share())), makeKey(head.name, 1, bytesOf('forger')))),
    notInBundle('of another log', 'fit', share(), changed('origin', 'other.example/log')),
    notInBundle('of another share', 'fit', share(), changed('share', 'dXn5PvMu')),
    notInBundle('of another history of that share', 'fit', share(), changed('ref', bytesOf('another'))),
    notInBundle('of an earlier end', 'fit', share(), signed(receipt(share(), 3))),
    notInBundle('another last event', 'fit', share(), changed('leaf', bytesOf('another'))),
    notInBundle('the last event elsewhere', 'fit', share(), changed('last', 10)),
    notInBundle('the first event elsewhere', 'fit', share(), changed('first', 0)),
    notInBundle('from before its last event', 'fit', share(), changed('time', TIME)),
    notInBundle('another last event, and the key not given', 'fit', share(), changed('leaf', bytesOf('another')), 'log'),
    notInBundle('a size changed behind the signature', 'signature', share(), signed(statementOf(share())).replace('size 21', 'size 22')),
    notInBundle('a checkpoint in its place', 'statement', share(), share().seal().note()),
    notInBundle('no note', 'note', share(), 'nothing'),
    notInBundle('longer than it may be', 'encoding', share(), 'x'.repeat(8193)),
    { name: 'a tail of four parts', kind: 'bundle', keys: 'both', verdict: 'refused', rule: 'encoding',
      bundle: share().bundle(({ tail }) => { tail.push(signed(statementOf(share())), 'x'); }).toString('base64') },
    { name: 'a record behind the tail', kind: 'bundle', keys: 'both', verdict: 'refused', rule: 'end',
      bundle: share().bundle(({ head: first, events, tail }) => cat(...[first, ...events, tail, [signed(statementOf(share()))]].map(pack))).toString('base64') },
  ];
}

// ---- two that one log signed ----

const statementPiece = (said) => ({ statement: signed(said) });
const checkpointPiece = (size, root) => { const text = checkpointText(log.name, size, root); return { checkpoint: note(text, log.line(text)) }; };
const bundlePiece = (own, text = null) => ({ bundle: bundleOf(own, text).toString('base64') });
const pair = (name, rule, a, b) => ({ name, kind: 'evidence', a, b, contradiction: rule });

function pairs() {
  const said = statementOf(share()), piece = statementPiece(said), other = (changed) => statementPiece({ ...said, ...changed });
  const later = () => Object.assign(share().remove(25), { size: 30 }), removed = later(); // of the log as it went on
  const another = share();
  another.events[3].items[0].data = Buffer.from('{"id":"prt_1","messageID":"msg_1","text":"other"}');
  const stranger = Object.assign(share(), { id: 'aStranger', salt: bytesOf('another salt'), size: 40 });
  for (const [i, position] of [3, 4, 6, 7].entries()) stranger.events[i].position = position;
  const beside = Object.assign(share(), { id: 'aStranger', salt: bytesOf('another salt') });
  return [
    pair('a statement and itself', null, piece, piece),
    pair('an earlier end and a later one', null, piece, statementPiece(statementOf(removed))),
    pair('a receipt and a later end', null, statementPiece(receipt(share(), 2)), piece),
    pair('a receipt and the bundle', null, statementPiece(receipt(share(), 2)), bundlePiece(share())),
    pair('a bundle and a later one', null, bundlePiece(share()), bundlePiece(removed)),
    pair('two shares', null, bundlePiece(share()), bundlePiece(stranger)),
    pair('checkpoints of two sizes', null, checkpointPiece(20, bytesOf('a')), checkpointPiece(21, bytesOf('b'))),
    pair('a checkpoint and a statement', null, checkpointPiece(21, bytesOf('a')), piece),
    pair('checkpoints of one size', 'root', checkpointPiece(21, bytesOf('a')), checkpointPiece(21, bytesOf('b'))),
    pair('a bundle, and a checkpoint of its size with another root', 'root', bundlePiece(share()), checkpointPiece(21, bytesOf('b'))),
    pair('one id, two salts', 'share', piece, other({ ref: bytesOf('another') })),
    pair('one share_ref, two ids', 'share', piece, other({ share: 'another' })),
    pair('one end, two leaves', 'event', piece, other({ leaf: bytesOf('another') })),
    pair('one end, two positions', 'event', piece, other({ last: 10 })),
    pair('two first positions', 'event', piece, other({ first: 0 })),
    pair('two bundles, one event changed', 'root', bundlePiece(share()), bundlePiece(another)),
    pair('two bundles of logs of two sizes, one event changed', 'event', bundlePiece(share()), bundlePiece(Object.assign(another, { size: 30 }))),
    pair('a receipt of an event that the bundle has otherwise', 'event', statementPiece({ ...receipt(share(), 3), leaf: bytesOf('another') }), bundlePiece(share())),
    pair('no room for the events between', 'order', statementPiece(statementOf(share(), { sequence: 2, last: 8 }, 3, 9)), piece),
    pair('a later event at an earlier position', 'order', piece, other({ sequence: 6, last: 8 })),
    pair('a later statement with a lower sequence', 'left-out', piece, statementPiece(statementOf(share(), {}, 3, 30))),
    pair('a later statement with a lower sequence, the other way round', 'left-out', statementPiece(statementOf(share(), {}, 3, 30)), piece),
    pair('the removal left out of a statement', 'left-out', other({ size: 28 }), bundlePiece(removed)),
    pair('the removal left out of a bundle\'s statement', 'left-out', bundlePiece(cut(later()), signed({ ...said, size: 28 })), bundlePiece(removed)),
    pair('a receipt of an event that a statement leaves out', 'left-out', statementPiece(receipt(removed, 5)), other({ size: 26 })),
    pair('an event at the size of a statement', null, other({ size: 25 }), bundlePiece(removed)),
    pair('one position, two shares', 'position', piece, bundlePiece(beside)),
  ];
}

export const heads = () => ({
  about: 'Head statements (core/FORMAT.md, chapter 6): by themselves; in bundles, read with `keys` of the log alone or both; and pairs of what one log signed, with the rule by which they contradict each other (chapter 9), or null. `seed` is the log\'s, from which the key of its statements follows.',
  log: log.vkey,
  head: head.vkey,
  seed: hex(seed),
  vectors: [...statements(), ...inBundles(), ...pairs()],
});
