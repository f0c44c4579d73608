// Events as the API answers them, with their proof files: that hold, and with one thing wrong for each rule of core/FORMAT.md, chapter 7.
import { KINDS, TIME, bytesOf, cat, checkpointText, item, itemNonce, json, log, makeKey, note, pack, raw, share } from './share.mjs';

const base64 = (bytes) => bytes.toString('base64');
const live = () => share();
const redacted = () => share().redact(12, 2, 1, '{"title":"[redacted]"}');
const removed = () => share().redact(11, 2, 0, '{}').remove(12).allow(15);

function made(own, sequence, bend, proofed = (proof) => proof) {
  const answer = own.answer(sequence), changed = bend?.(answer, own) ?? answer;
  return { event: base64(Buffer.isBuffer(changed) ? changed : Buffer.from(typeof changed === 'string' ? changed : json(changed))), proof: proofed(own.proof(sequence), own) };
}
function accepted(name, own, sequence, { bend, content = true, withheld = 0, marked = 0 } = {}) {
  const parts = made(own, sequence, bend), event = own.events[sequence - 1];
  return { name, ...parts, verdict: 'accepted', sequence: `${event.sequence}`, position: `${event.position}`, time: `${event.time}`, kind: KINDS[event.kind],
    id: own.id, content, withheld: `${withheld}`, marked: `${marked}`, log_size: `${own.size}`, cosignatures: '0' };
}
const refused = (name, rule, own, sequence, bend, proofed) => ({ name, ...made(own, sequence, bend, proofed), verdict: 'refused', rule });
const without = (name) => (answer) => { delete answer[name]; };
const put = (members) => (answer) => Object.assign(answer, members);

/** Its third event has an item that was redacted on arrival. */
function marked() {
  const own = share();
  own.events[2].items[0] = item('message', 'message/msg_1', '{"id":"msg_1","role":"[redacted]","x":"kept"}', { marked: true });
  return own;
}
function unmarked() {
  const own = share();
  own.events[2].items[0] = item('message', 'message/msg_1', '{"id":"[redacted]"}');
  return own;
}
function holding() {
  const strange = live();
  strange.events[2].items.push(item([0x74, 0xed, 0xa0, 0x80], 't%uD800', '[ 1,\t"\\ud800" ]'), item('t%uD800', 't%uD800', '1'), item('\u{1f600}/"\\', '\u{1f600}%2F"\\', '"é"'));
  const empty = live();
  empty.events[2].items = [];
  const record = share().redact(12, 2, 1, '{"title":"[redacted]"}');
  record.events[4].items[0].withheld = pack([1, 'a reason', [[2, 1, Buffer.from('{}')]]]);
  return [
    accepted('a create', live(), 1, { withheld: 1 }),
    accepted('a sync of two items', live(), 2),
    accepted('lone surrogates, now and as format 1 kept them, quotes, white space', strange, 3),
    accepted('an item that was redacted on arrival', marked(), 3, { marked: 1 }),
    accepted('redacted on arrival, and again', marked().redact(12, 3, 0, '{"id":"msg_1","role":"[redacted]","x":"[redacted]"}'), 3, { marked: 1, withheld: 1 }),
    accepted('redacted on arrival by a server from before marks', unmarked(), 3, { marked: 1 }),
    accepted('a sync of nothing', empty, 3),
    accepted('a sync with a withheld item', redacted(), 2, { withheld: 1 }),
    accepted('a redact', redacted(), 5),
    accepted('a redact that is withheld', record, 5, { withheld: 1 }),
    accepted('a sync, removed', removed(), 2, { content: false }),
    accepted('a removal', removed(), 6),
    accepted('an allowance', removed(), 7),
    accepted('with members more, and in another order', live(), 2, { bend: (answer) => ({ more: [{ seq: 9 }], ...Object.fromEntries(Object.entries(answer).reverse()) }) }),
    accepted('white space everywhere', live(), 2, { bend: (answer) => json(answer).replaceAll('":', '" :\n\t').replaceAll('{"type" :\n\t"message","data" :\n\t{"id" :\n\t"msg_1","role" :\n\t"user"}', '{"type" : "message" , "data" : {"id":"msg_1","role":"user"} ')
      .replace('{"id" :\n\t"ses_1","title" :\n\t"first"}', '{"id":"ses_1","title":"first"}') }),
    accepted('nested as deep as may be', live(), 2, { bend: put({ deep: raw('['.repeat(1023) + ']'.repeat(1023)) }) }),
    accepted('bytes that sum up what was committed to', redacted(), 2, { bend: (answer, own) => { answer.bytes = own.events[1].items.reduce((sum, { data }) => sum + data.length, 0); }, withheld: 1 }),
  ];
}

const shape = () => [
  refused('no JSON', 'json', live(), 2, (answer) => json(answer).slice(0, -1)),
  refused('something behind it', 'json', live(), 2, (answer) => `${json(answer)}{}`),
  refused('nested too deep', 'json', live(), 2, put({ deep: raw('['.repeat(1024) + ']'.repeat(1024)) })),
  refused('not UTF-8', 'json', live(), 2, (answer) => cat(Buffer.from(json(answer).slice(0, -1)), Buffer.from(',"x":"'), Buffer.of(0xff), Buffer.from('"}'))),
  refused('a list', 'members', live(), 2, (answer) => [answer]),
  ...['seq', 'position', 'time', 'kind', 'arrived', 'items', 'bytes', 'types', 'hash', 'leaf', 'header', 'nonce', 'data', 'id', 'salt'].map((name) => refused(`no ${name}`, 'members', live(), 2, without(name))),
  refused('a member twice', 'members', live(), 2, (answer) => json(answer).replace('"seq":', '"seq":2,"seq":')),
  refused('a member twice, once behind an escape', 'members', live(), 2, (answer) => json(answer).replace('"seq":', '"s\\u0065q":2,"seq":')),
  refused('id twice', 'members', live(), 2, (answer) => json(answer).replace('"id":', '"id":"dXn5PvMt","id":')),
];

const timed = (time) => { const own = live(); for (const event of own.events) Object.assign(event, { time, arrived: 0n }); return own; };
const place = () => [
  refused('a header that is none', 'header', live(), 2, put({ header: base64(Buffer.from('no header')) })),
  refused('a header that is not base64', 'header', live(), 2, (answer) => { answer.header = `${answer.header.slice(0, -1)}!`; }),
  refused('another hash', 'leaf', live(), 2, put({ hash: '0'.repeat(64) })),
  refused('another leaf', 'leaf', live(), 2, put({ leaf: '0'.repeat(64) })),
  refused('a hash in capitals', 'leaf', live(), 2, (answer) => { answer.hash = answer.hash.toUpperCase(); }),
  refused('a kind that is not known', 'kind', (() => { const own = live(); own.events[2].kind = 5; return own; })(), 3, put({ kind: 'sync' })),
  refused('another seq', 'place', live(), 2, put({ seq: 3 })),
  refused('a seq that is a string', 'place', live(), 2, put({ seq: '2' })),
  refused('another time', 'place', live(), 2, put({ time: TIME })),
  refused('a time in the year 292 million', 'time', timed((1n << 63n) - 1n), 2),
  refused('a time before the year 2000', 'time', timed(0n), 2),
  refused('another kind', 'place', live(), 2, put({ kind: 'redact' })),
  refused('another id', 'share', live(), 2, put({ id: 'dXn5PvMu' })),
  refused('a null for a salt', 'share', live(), 2, put({ salt: null })),
  refused('a null for an id', 'share', live(), 2, put({ id: null })),
  refused('salt under another name, and another id', 'members', live(), 2, (answer) => json(answer).replace('"salt":', '"sult":').replace('"id":"dXn5PvMt"', '"id":"dXn5PvMu"')),
  refused('an id that is none', 'share', live(), 2, put({ id: 'no id' })),
  refused('another salt', 'share', live(), 2, put({ salt: base64(bytesOf('another')) })),
  refused('a salt of 31 bytes', 'share', live(), 2, put({ salt: base64(bytesOf('another', 31)) })),
];

const resigned = (text) => (proof) => proof.replace(/\n\n[^]*$/, `\n\n${note(text, log.line(text))}`);
const inclusion = () => [
  refused('no proof', 'proof', live(), 2, null, () => 'no proof\n'),
  refused('an index with a leading zero', 'proof', live(), 2, null, (proof) => proof.replace('index ', 'index 0')),
  refused('a hash of 31 bytes', 'proof', live(), 2, null, (proof) => proof.replace(/(index 2\n).*/, `$1${base64(bytesOf('x', 31))}`)),
  refused('65 hashes', 'proof', live(), 2, null, (proof) => proof.replace(/(index 2\n)/, `$1${`${base64(bytesOf('x'))}\n`.repeat(65)}`)),
  refused('no checkpoint', 'proof', live(), 2, null, (proof) => proof.replace(/\n\n[^]*$/, '\n\n')),
  refused('no note', 'note', live(), 2, null, (proof) => proof.slice(0, -1)),
  refused('signed, and no checkpoint', 'checkpoint', live(), 2, null, resigned('no checkpoint\n')),
  refused('another log', 'origin', live(), 2, null, (proof) => { const text = checkpointText('another', 21, bytesOf('root')); return proof.replace(/\n\n[^]*$/, `\n\n${note(text, makeKey('another').line(text))}`); }),
  refused('a bit of the signature turned', 'signature', live(), 2, null, (proof) => proof.replace(/(.)(=*)\n$/, (_, last, pad) => `${last === 'A' ? 'Q' : 'A'}${pad}\n`)),
  { ...refused('not cosigned', 'quorum', live(), 2), witnesses: [makeKey('w1.example', 4).vkey], quorum: 1 },
  refused('a proof of another event', 'position', live(), 2, null, (_, own) => own.proof(3)),
  refused('another position', 'position', live(), 2, put({ position: 3 })),
  refused('another position, and the proof\'s', 'inclusion', live(), 2, put({ position: 3 }), (proof) => proof.replace('index 2', 'index 3')),
  refused('a hash changed', 'inclusion', live(), 2, null, (proof) => proof.replace(/(index 2\n).*/, `$1${base64(bytesOf('another'))}`)),
  refused('a hash too few', 'inclusion', live(), 2, null, (proof) => proof.replace(/(index 2\n).*\n/, '$1')),
  refused('another root, signed', 'inclusion', live(), 2, null, resigned(checkpointText(log.name, 21, bytesOf('another')))),
  refused('a log that is too small, signed', 'inclusion', live(), 2, null, resigned(checkpointText(log.name, 2, bytesOf('another')))),
];

/** Change item `i` of an answer, its entry in `data`, its nonce. */
const of = (i, change) => (answer) => { change(answer.items[i], answer.data[i], answer); };
const of0 = (change) => (answer) => { change(answer.items[0]); };
const content = () => [
  refused('items that are no list', 'lists', live(), 2, put({ items: {} })),
  refused('data that is no list', 'lists', live(), 2, put({ data: null })),
  refused('nonces beside the nonce', 'nonces', live(), 2, (answer) => { answer.nonces = { manifest: base64(bytesOf('m', 16)), items: [] }; }),
  refused('a nonce of 31 bytes', 'nonces', live(), 2, put({ nonce: base64(bytesOf('n', 31)) })),
  refused('nonces without the manifest\'s', 'nonces', redacted(), 2, (answer) => { delete answer.nonces.manifest; }),
  refused('nonces that are no list', 'nonces', redacted(), 2, (answer) => { answer.nonces.items = null; }),
  refused('nonces one by one, and nothing withheld', 'nonces', live(), 2, (answer, own) => {
    const nonce = own.events[1].nonce;
    answer.nonce = null;
    answer.nonces = { manifest: base64(own.nonces({ ...own.events[1], items: [{ withheld: true }] })[0]), items: [0, 1].map((i) => base64(itemNonce(nonce, i))) };
  }),
  refused('a nonce too few', 'nonces', redacted(), 2, (answer) => { answer.nonces.items.pop(); }),
  refused('a nonce too many', 'nonces', redacted(), 2, (answer) => { answer.nonces.items.push(null); }),
  refused('withheld, and its nonce is there', 'nonces', redacted(), 2, (answer) => { answer.nonces.items[1] = base64(bytesOf('n', 16)); }),
  refused('there, and its nonce is not', 'nonces', redacted(), 2, (answer) => { answer.nonces.items[0] = null; }),
  refused('withheld, and the event\'s nonce is there', 'nonces', redacted(), 2, (answer) => { answer.nonce = base64(bytesOf('nonce 1')); delete answer.nonces; }),
  refused('arrived that is no number', 'arrived', live(), 2, put({ arrived: 'soon' })),
  refused('a removal of no items', 'count', removed(), 6, put({ items: [], data: [] })),
  refused('an item without a key', 'item', live(), 2, of(0, (own) => { delete own.key; })),
  refused('withheld that is false', 'item', live(), 2, of(0, (own) => { own.withheld = false; })),
  refused('redacted on arrival, and false', 'item', marked(), 3, of(0, (own) => { own.redactedOnArrival = false; })),
  refused('a removal that was redacted on arrival', 'item', removed(), 6, of(0, (own) => { own.redactedOnArrival = true; })),
  refused('a create that is not withheld', 'item', live(), 1, of0((own) => { delete own.withheld; })),
  refused('a mark taken away', 'manifest', marked(), 3, of(0, (own) => { delete own.redactedOnArrival; })),
  refused('a mark put on', 'manifest', live(), 2, of(0, (own) => { own.redactedOnArrival = true; })),
  refused('a removal that is withheld', 'item', removed(), 6, of(0, (own) => Object.assign(own, { withheld: true }))),
  refused('a commitment of what is not withheld', 'item', live(), 2, of(0, (own) => { own.commitment = base64(bytesOf('c')); })),
  refused('withheld, without its commitment', 'item', redacted(), 2, of(1, (own) => { delete own.commitment; })),
  refused('withheld, without its length', 'item', redacted(), 2, of(1, (own) => { delete own.committedBytes; })),
  refused('data too short', 'data', live(), 2, (answer) => { answer.data.pop(); }),
  refused('data too long', 'data', live(), 2, (answer) => { answer.data.push(answer.data[0]); }),
  refused('data of another type', 'data', live(), 2, of(0, (_, data) => { data.type = 'session'; })),
  refused('data without data', 'data', live(), 2, of(0, (_, data) => { delete data.data; })),
  refused('a record that is not base64', 'data', removed(), 6, of(0, (_, data) => { data.data = 'no base64'; })),
  refused('an item\'s bytes', 'bytes', live(), 2, of(0, (own) => { own.bytes++; })),
  refused('the event\'s bytes', 'bytes', live(), 2, (answer) => { answer.bytes++; }),
  refused('a byte of an item changed', 'manifest', live(), 2, of(0, (_, data) => { data.data = raw('{"id":"msg_1","role":"User"}'); })),
  refused('the same JSON, written in another way', 'bytes', live(), 2, of(0, (_, data) => { data.data = raw('{"id": "msg_1","role":"user"}'); })),
  refused('another key', 'manifest', live(), 2, of(0, (own) => { own.key = 'message/msg_2'; })),
  refused('another type, in items and data', 'manifest', live(), 2, of(0, (own, data) => { own.type = data.type = 'massage'; })),
  refused('another time of arrival', 'manifest', live(), 2, (answer) => { answer.arrived += 1n; }),
  refused('another length of a withheld item', 'manifest', redacted(), 2, of(1, (own) => { own.committedBytes++; })),
  refused('another commitment of a withheld item', 'manifest', redacted(), 2, of(1, (own) => { own.commitment = base64(bytesOf('another')); })),
  refused('a removal by another', 'manifest', removed(), 6, of(0, (_, data) => { data.data = base64(cat(Buffer.from(data.data, 'base64').subarray(0, 1), Buffer.of(0), Buffer.from(data.data, 'base64').subarray(2))); })),
  refused('another event\'s nonce', 'manifest', live(), 2, put({ nonce: base64(bytesOf('nonce 2')) })),
  refused('a type that no item has', 'types', live(), 2, put({ types: { message: 1, session: 1, part: 0 } })),
  refused('a type counted wrong', 'types', live(), 2, put({ types: { message: 2, session: 1 } })),
  refused('a type left out', 'types', live(), 2, put({ types: { message: 1 } })),
  refused('a type told twice, another left out', 'types', live(), 2, put({ types: raw('{"message":1,"message":1}') })),
  refused('types that are a list', 'types', live(), 2, put({ types: [] })),
  refused('content without a nonce', 'erased', live(), 2, put({ nonce: null })),
  refused('a removal whose content is gone', 'erased', removed(), 6, put({ nonce: null, items: [], data: [], bytes: 0, types: {}, arrived: 0 })),
  refused('gone, and a time of arrival', 'erased', removed(), 2, put({ arrived: 1 })),
  refused('gone, and bytes', 'bytes', removed(), 2, put({ bytes: 1 })),
];

/** What the signer says falsely: all of it is committed to, and in the log. */
const says = (record) => { const own = share().redact(12, 2, 1, '{}'); own.events[4].items[0].data = pack(record); return own; };
const sent = (type, key, data, more) => { const own = share(); own.events[2].items[0] = item(type, key, data, more); return own; };
const forged = () => [
  refused('an id that is not its key\'s', 'key', sent('message', 'message/msg_1', '{"id":"msg_2"}'), 3),
  refused('no id', 'key', sent('message', 'message/msg_1', '{}'), 3),
  refused('a type that is not its key\'s', 'key', sent('massage', 'message/msg_1', '{"id":"msg_1"}'), 3),
  refused('an arrival after its event\'s time', 'arrival', (() => { const own = share(); own.events[1].arrived = (TIME + 20n + 3600001n) * 1000n; return own; })(), 2),
  refused('marked, and nothing in it reads [redacted]', 'replacement', sent('message', 'message/msg_1', '{"id":"msg_1","text":"I stole the money"}', { marked: true }), 3),
  refused('withheld, and another message stands there', 'replacement', share().redact(12, 2, 0, '{"id":"msg_2","text":"[redacted]"}'), 2),
  refused('withheld, and null stands there', 'replacement', share().redact(12, 2, 0, 'null'), 2),
  refused('withheld, and what stands there has no [redacted]', 'replacement', share().redact(12, 2, 0, '{"id":"msg_1","text":"I stole the money"}'), 2),
  refused('withheld, and what stands there is longer', 'replacement', share().redact(12, 2, 0, '{"id":"msg_1","text":"[redacted]","more":"I stole the money"}'), 2),
  refused('what stands there changed on the way', 'replacement', redacted(), 2, of(1, (own, data) => { own.bytes = 13; data.data = raw('{"title":"I"}'); })),
  refused('a redaction by nobody known', 'record', says([7, '', []]), 5),
  refused('a redaction of four parts', 'record', says([1, '', [], 7]), 5),
  refused('a redaction that names one item twice', 'targets', says([1, '', [[2, 1, Buffer.from('{}')], [2, 1, Buffer.from('{}')]]]), 5),
  refused('a redaction of what comes later', 'targets', says([1, '', [[5, 0, Buffer.from('{}')]]]), 5),
  refused('a removal of four parts', 'record', share().add(2, 12, pack([1, '', [1, 2, 5, 9], 0])), 5),
  refused('an allowance by nobody known', 'record', share().add(4, 12, pack([2, ''])), 5),
  refused('a sync\'s type and key in a removal', 'key', (() => { const own = share().remove(12); Object.assign(own.events[4].items[0], { type: Buffer.from('session'), key: Buffer.from('session') }); return own; })(), 5),
];

export const answers = () => ({
  about: 'One event as GET /api/share/ID/events/SEQ answers it (`event`, base64 of JSON), with its proof file (core/FORMAT.md, chapter 7): of those that hold, what a verifier says; of the others the first rule that does not hold.',
  log: log.vkey,
  vectors: [...holding(), ...shape(), ...place(), ...inclusion(), ...content(), ...forged()],
});
