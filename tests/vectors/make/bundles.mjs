// Bundles that hold, and with one thing wrong for each rule of core/FORMAT.md, chapter 8.
import { Raw, Text, TIME, bytesOf, cat, checkpointText, hex, item, itemNonce, log, makeKey, note, pack, rootOf, sha256, share, u64 } from './share.mjs';

const witness = makeKey('w1.example', 4);

/** What a verifier says of one that holds. */
function facts(own, { removed = null, cosignatures = 0 } = {}) {
  const whole = own.events.filter(({ erased }) => !erased), items = whole.flatMap((event) => event.items.map((one) => ({ ...one, kind: event.kind })));
  return { id: own.id, events: `${own.events.length}`, syncs: `${own.events.filter(({ kind }) => kind === 1).length}`, items: `${items.length}`,
    bytes: `${items.filter(({ withheld }) => !withheld).reduce((sum, { data }) => sum + data.length, 0)}`,
    withheld: `${items.filter(({ kind, withheld }) => kind === 1 && withheld).length}`, marked: `${items.filter(({ marked, unmarked }) => marked || unmarked).length}`,
    redacted: redactedOf(own),
    first: `${own.events[0].time}`, last: `${own.events.at(-1).time}`, removed: removed && { time: `${removed.time}`, by: `${removed.by}` },
    log_size: `${own.size}`, root: hex(rootOf(own.leaves)), cosignatures: `${cosignatures}` };
}
/** The redacted items of syncs, and the last redact event that names each. */
const redactedOf = (own) => own.events.flatMap((event, at) => event.erased || event.kind !== 1 ? [] : event.items.flatMap((one, i) => {
  if (!one.marked && !one.unmarked && !one.withheld) return [];
  const by = own.events.findLast((other) => other.names?.some(([sequence, named]) => sequence === at + 1 && named === i));
  return [{ sequence: `${at + 1}`, item: `${i}`, key: `${one.key}`, onArrival: Boolean(one.marked || one.unmarked), withheld: Boolean(one.withheld),
    by: by ? { sequence: `${own.events.indexOf(by) + 1}`, time: `${by.time}`, who: '1', reason: by.reason ?? 'a reason' } : null }];
}));
const base64 = (bytes) => bytes.toString('base64');
function accepted(name, own, { bend, policy = {}, ...more } = {}) {
  const bytes = own.bundle(bend);
  return { name, ...policy, bundle: base64(bytes), verdict: 'accepted', ...facts(own, more) };
}
/** `make` gives the share, or changes that of share(); `bend` its values. */
const refused = (name, rule, make, bend, policy = {}) => {
  const own = share();
  return { name, ...policy, bundle: base64((make?.(own) ?? own).bundle(bend)), verdict: 'refused', rule };
};
const set = (sequence, more) => (own) => { Object.assign(own.events[sequence - 1], more); };
const bend = (sequence, change) => ({ events }) => { change(events[sequence - 1]); };

// ---- what holds ----

/** The record of the first redact event held a text that is redacted now: it is made anew, and the second names it by its hash. */
export function recordRedacted(bad = {}) {
  const own = share().redact(12, 2, 1, '{"title":"[redacted]"}');
  own.events[1].items[1].withheld = Buffer.from('{}');
  const anew = pack([1, 'a reason', [[2, 1, Buffer.from('{}')]]]);
  own.events[4].items[0].withheld = bad.stands ?? anew;
  return own.add(3, 13, pack([1, 'again', [[2, 1, Buffer.from('{}')], ...(bad.unnamed ? [] : [[5, 0, bad.said ?? sha256(anew)]])]]), { names: [[2, 1]], reason: 'again' });
}
function strange() {
  const own = share();
  own.events[2].items.push(item([0x74, 0xed, 0xa0, 0x80], 't%uD800', '1'), item('t%uD800', 't%uD800', '1'), item('t%uD800', 't%25uD800', '1'),
    item('x'.repeat(256), `${'x'.repeat(256)}/${'k'.repeat(3839)}`, `{"id":"${'k'.repeat(3839)}"}`), item('', '', '""'));
  own.events[3].items = [];
  return own;
}
function marked() {
  const own = share();
  own.events[2].items[0] = item('message', 'message/msg_1', '{"id":"msg_1","role":"[redacted]","x":"kept"}', { marked: true });
  own.events[3].items[0] = item('part', 'part/msg_1/prt_1', '{"id":"[redacted]","messageID":"msg_1"}', { unmarked: true });
  return own.redact(12, 3, 0, '{"id":"msg_1","role":"[redacted]","x":"[redacted]"}');
}
function whole() {
  const own = share();
  own.events[1].items[0].data = Buffer.from(`{"id":"msg_1","text":"${'x'.repeat(200)}"}`);
  return own.redact(12, 2, 0, '{"id":"msg_1","error":{"name":"AbortError","data":{}},"parent_id":"p/1","callID":"c:@-_.","a1Id":"","n":-1.5e10,"input":{},"metadata":[],"list":[null,true,{"mime":"text/plain"}],"x":0}');
}
function contiguous() {
  const own = share();
  own.events.forEach((event, at) => { event.position = at; });
  own.size = 4;
  return own;
}

const withCosignature = ({ tail }) => { tail[1] += witness.line(tail[1].slice(0, tail[1].indexOf('\n\n') + 1)); };
const pqLine = (i) => `— pq${i}.example ${Buffer.alloc(4 + 8 + 2420, i).toString('base64')}\n`;
const asks = { witnesses: [witness.vkey], quorum: 1 };

function holding() {
  const removed = share().remove(12, 0), down = share().redact(11, 2, 0, '{}').remove(12).allow(15), partly = share().remove(12);
  partly.events[1].erased = false;
  return [
    accepted('live', share()),
    accepted('positions 0, 1, 2, 3 of a log of four: no gaps', contiguous()),
    accepted('lone surrogates, now and as format 1 kept them, long names, a sync of nothing', strange()),
    accepted('redacted on arrival, with a mark, and again; and by a server from before marks', marked()),
    accepted('an arrival ahead of its event by an hour', (() => { const own = share(); own.events[1].arrived = (TIME + 20n + 3600000n) * 1000n; return own; })()),
    accepted('fifteen items: arrays of sixteen', (() => { const own = share(); own.events[3].items = Array.from({ length: 16 }, (_, i) => item('t', `t/${i}`, `{"id":"${i}"}`)); return own; })()),
    accepted('times that stand still', (() => { const own = share(); for (const event of own.events) event.time = TIME; return own; })()),
    accepted('redacted', share().redact(12, 2, 1, '{"title":"[redacted]"}')),
    accepted('redacted as a whole', share().redact(12, 2, 0, '{"id":"msg_1","role":"user"}')),
    accepted('redacted as a whole: what stays', whole()),
    accepted('redacted, its id too', share().redact(12, 2, 0, '{"id":"[redacted]","role":"user"}')),
    accepted('redacted, the name of its id too', (() => { const own = share(); return own.redact(12, 4, 0, '{"id":"prt_1","[redacted]":"msg_1","text":"hello"}'); })()),
    accepted('a redact event redacted', recordRedacted()),
    accepted('a redact event of nothing', share().add(3, 12, pack([1, '', []]))),
    accepted('removed by its secret', removed, { removed: { time: TIME + 50n, by: 0 } }),
    accepted('removed, and not all content gone yet', partly, { removed: { time: TIME + 50n, by: 1 } }),
    accepted('taken down by the owner, and allowed', down, { removed: { time: TIME + 60n, by: 1 } }),
    accepted('dated an hour after a witness had seen it', (() => { const own = share(); own.events[3].time = TIME + 3600999n; return own; })(), { bend: withCosignature, policy: asks, cosignatures: 1 }),
    accepted('cosigned', share(), { bend: withCosignature, policy: asks, cosignatures: 1 }),
    accepted('a checkpoint with signatures of post-quantum keys', share(), { bend: ({ tail }) => { tail[1] += Array.from({ length: 4 }, (_, i) => pqLine(i)).join(''); } }),
  ];
}

// ---- what doesn't ----

const encoding = () => [
  refused('empty', 'encoding', null, () => Buffer.alloc(0)),
  refused('a byte too few', 'encoding', null, ({ head, events, tail }) => cat(...[head, ...events, tail].map(pack)).subarray(0, -1)),
  refused('no tail', 'encoding', null, ({ head, events }) => cat(...[head, ...events].map(pack))),
  refused('a number not in its smallest encoding', 'encoding', null, bend(2, (event) => { event[1] = new Raw(Buffer.of(0xcc, 2)); })),
  refused('a bin not in its smallest encoding', 'encoding', null, bend(2, (event) => { event[2] = new Raw(cat(Buffer.of(0xc5, 0, event[2].length), event[2])); })),
  refused('a str not in its smallest encoding', 'encoding', null, bend(3, (event) => { event[5][0][0] = new Raw(cat(Buffer.of(0xd9, 7), Buffer.from('message'))); })),
  refused('an array not in its smallest encoding', 'encoding', null, bend(3, (event) => { event[5] = new Raw(cat(Buffer.of(0xdc, 0, 1), pack(event[5][0]))); })),
  refused('a str where a bin belongs', 'encoding', null, bend(3, (event) => { event[2] = new Text(event[2]); })),
  refused('a signed number', 'encoding', null, bend(3, (event) => { event[1] = new Raw(Buffer.of(0xd0, 5)); })),
  refused('an event of four parts', 'encoding', null, bend(3, (event) => { event.length = 4; })),
  refused('a nonce of 31 bytes', 'encoding', null, bend(3, (event) => { event[4] = event[4].subarray(1); })),
  refused('a commitment of 33 bytes', 'encoding', null, bend(3, (event) => { event[5][0][3] = cat(event[5][0][3], Buffer.of(0)); })),
  refused('a type of 257 bytes', 'encoding', (own) => { own.events[2].items[0].type = Buffer.alloc(257, 0x74); }),
  refused('a key of 4,097 bytes', 'encoding', (own) => { own.events[2].items[0].key = Buffer.alloc(4097, 0x6b); }),
  refused('a reason of 1,025 bytes', 'encoding', (own) => own.add(3, 12, pack([1, 'r'.repeat(1025), []]))),
  refused('a record that ends beyond its item', 'encoding', (own) => own.add(3, 12, pack([1, 'a', [[2, 0, Buffer.from('{}')]]]).subarray(0, -1))),
  refused('a record not in its smallest encoding', 'encoding', (own) => own.add(3, 12, pack([new Raw(Buffer.of(0xcc, 1)), 'a', []]))),
  refused('more events said than there are', 'encoding', (own) => { own.said = 5; }),
];

const head = () => [
  refused('another form', 'head', null, (values) => { values.head[0] = 'sharelog-bundle@v2'; }),
  refused('a head of three parts', 'head', null, (values) => { values.head.length = 3; }),
  refused('an id that is none', 'head', (own) => { own.id = 'no id'; }),
  refused('an empty id', 'head', (own) => { own.id = ''; }),
  refused('no events', 'head', null, (values) => { values.head[3] = 0; values.events = []; }),
];

const place = () => [
  refused('a header that is none', 'header', set(3, { header_is: () => Buffer.from('no header') })),
  refused('a header of version 2', 'header', set(3, { header_is: (bytes) => cat(Buffer.of(0x97, 2), bytes.subarray(2)) })),
  refused('another share\'s salt', 'share', null, (values) => { values.head[2] = bytesOf('another'); }),
  refused('another share\'s id', 'share', null, (values) => { values.head[1] = 'dXn5PvMu'; }),
  refused('an event of another share', 'share', set(3, { ref: bytesOf('another share') })),
  refused('an event left out', 'sequence', null, (values) => { values.events.splice(2, 1); values.head[3] = 3; }),
  refused('two events in the other order', 'sequence', null, (values) => { values.events.splice(2, 2, values.events[3], values.events[2]); }),
  refused('an event twice', 'sequence', null, (values) => { values.events.splice(2, 0, values.events[1]); values.head[3] = 5; }),
  refused('it begins with the second', 'sequence', null, (values) => { values.events.shift(); values.head[3] = 3; }),
  refused('sequence 0', 'header', set(1, { sequence: 0 })),
  refused('an event that names another before it', 'prev', set(3, { prev: bytesOf('another') })),
  refused('a first event that names one before it', 'prev', set(1, { prev: bytesOf('another') })),
  refused('a time that runs backwards', 'time', set(3, { time: TIME + 19n })),
  refused('a position that is not behind that before', 'position', set(3, { position: 2 })),
  refused('a position beyond any log', 'position', null, bend(3, (event) => { event[1] = 1n << 62n; })),
  refused('an allowance after a removal by the secret', 'kind', (own) => own.remove(12, 0).allow(13)),
  refused('a first event that is no create', 'kind', set(1, { kind: 1 })),
  refused('a second create', 'kind', set(3, { kind: 0 })),
  refused('a kind that is not known', 'kind', set(3, { kind: 5 })),
  refused('a sync after the removal', 'kind', (own) => own.remove(12).add(1, 13, '{}')),
  refused('a second removal', 'kind', (own) => own.remove(12).add(2, 13, pack([1, '', []]))),
  refused('a redact after the removal', 'kind', (own) => own.remove(12).add(3, 13, pack([1, '', []]))),
  refused('a create whose content is gone', 'erased', set(1, { erased: true })),
  refused('a removal whose content is gone', 'erased', (own) => { own.remove(12); own.events[4].erased = true; }),
  refused('an allowance of what was not removed', 'kind', (own) => own.allow(13)),
  refused('an allowance whose content is gone', 'erased', (own) => { own.remove(12).allow(13); own.events[5].erased = true; }),
  refused('a root too few in a gap', 'gap', null, bend(3, (event) => { event[0] = event[0].subarray(32); })),
  refused('a root too many in a gap', 'gap', null, bend(2, (event) => { event[0] = bytesOf('root'); })),
  refused('a root cut short', 'gap', null, bend(3, (event) => { event[0] = event[0].subarray(1); })),
  refused('a root too many in the tail', 'gap', null, ({ tail }) => { tail[0] = cat(tail[0], bytesOf('root')); }),
];

const content = () => {
  const one = (own) => [manifestNonceOf(own), ...own.events[2].items.map((_, i) => itemNonce(own.events[2].nonce, i))];
  const held = (own) => own.redact(12, 2, 1, '{}');
  const twice = { items: [item('redact', 'redact', pack([1, '', []])), item('redact', 'redact', pack([1, '', []]))] };
  let made;
  const keep = (own) => { made = own; };
  return [
    refused('nonces one by one, and nothing withheld', 'nonces', keep, bend(3, (event) => { event[4] = one(made); })),
    refused('a nonce too few', 'nonces', held, bend(2, (event) => { event[4].splice(1, 1); })),
    refused('a nonce too many', 'nonces', held, bend(2, (event) => { event[4].push(bytesOf('n', 16)); })),
    refused('withheld, and its nonce is there', 'nonces', held, bend(2, (event) => { event[4] = [event[4][0], null, bytesOf('n', 16)]; })),
    refused('there, and its nonce is not', 'nonces', held, bend(2, (event) => { event[4] = [event[4][0], null, null]; })),
    refused('withheld, and the event\'s nonce is there', 'nonces', held, bend(2, (event) => { event[4] = bytesOf('nonce 1'); })),
    refused('1,000,001 items', 'limit', null, bend(3, (event) => { event[5] = new Raw(cat(Buffer.of(0xdd), u64(1000001).subarray(4))); })),
    refused('a redact of two items', 'count', (own) => own.add(3, 12, null, twice)),
    refused('a create of no items', 'count', null, bend(1, (event) => { event[4] = bytesOf('nonce 0'); event[5] = []; })),
    refused('an item of six parts', 'item', null, bend(3, (event) => { event[5][0].push(1, 2); })),
    refused('a mark that is not 1', 'encoding', null, bend(3, (event) => { event[5][0].splice(2, 0, 2); })),
    refused('a mark put on', 'manifest', null, bend(3, (event) => { event[5][0].splice(2, 0, 1); })),
    refused('a mark taken away', 'manifest', (own) => { own.events[2].items[0].marked = true; own.events[2].items[0].data = Buffer.from('{"id":"msg_1","x":"[redacted]"}'); }, bend(3, (event) => { event[5][0].splice(2, 1); })),
    refused('a redact event that is marked', 'item', (own) => { own.redact(12, 2, 1, '{}'); own.events[4].items[0].marked = true; }),
    refused('an item of three parts', 'item', null, bend(3, (event) => { event[5][0].length = 3; })),
    refused('a create that is not withheld', 'item', (own) => { delete own.events[0].items[0].withheld; }),
    refused('something in the place of a create\'s item', 'item', (own) => { own.events[0].items[0].withheld = Buffer.from('x'); }),
    refused('a removal that is withheld', 'item', (own) => { own.remove(12); own.events[4].items[0].withheld = Buffer.from(own.events[4].items[0].data); }),
    refused('an allowance that is withheld', 'item', (own) => { own.remove(12).allow(13); own.events[5].items[0].withheld = Buffer.alloc(0); }),
    refused('a removal of two parts', 'record', (own) => { own.add(2, 12, pack([1, ''])); }),
    refused('a removal by nobody known', 'record', (own) => { own.add(2, 12, pack([2, '', []])); }),
    refused('a redaction of two parts', 'record', (own) => { own.add(3, 12, pack([1, ''])); }),
    refused('a redaction with an entry of two parts', 'record', (own) => { own.add(3, 12, pack([1, '', [[2, 0]]])); }),
    refused('a byte of an item changed', 'commitment', null, bend(3, (event) => { event[5][0][2] = cat(event[5][0][2].subarray(0, -1), Buffer.from(']')); })),
    refused('a byte of an item changed, and its commitment', 'manifest', keep, bend(3, (event) => {
      event[5][0][2] = cat(event[5][0][2].subarray(0, -1), Buffer.from(']'));
      event[5][0][3] = sha256(itemNonce(made.events[2].nonce, 0), event[5][0][2]);
    })),
    refused('a byte of an item more', 'commitment', null, bend(3, (event) => { event[5][0][2] = cat(event[5][0][2], Buffer.from(' ')); })),
    refused('another commitment beside the item', 'commitment', null, bend(3, (event) => { event[5][0][3] = bytesOf('another'); })),
    refused('a removal changed', 'commitment', (own) => own.remove(12), bend(5, (event) => { event[5][0][2] = pack([0, 'a reason', [1, 2, 5, 9]]); })),
    refused('another event\'s nonce', 'commitment', null, bend(3, (event) => { event[4] = bytesOf('nonce 3'); })),
    refused('another type', 'manifest', null, bend(3, (event) => { event[5][0][0] = 'massage'; })),
    refused('another key', 'manifest', null, bend(3, (event) => { event[5][0][1] = 'message/msg_2'; })),
    refused('another time of arrival', 'manifest', null, bend(3, (event) => { event[3] += 1n; })),
    refused('an item less', 'manifest', null, bend(2, (event) => { event[5].pop(); })),
    refused('two items in the other order', 'commitment', null, bend(2, (event) => { event[5].reverse(); })),
    refused('another length of a withheld item', 'manifest', held, bend(2, (event) => { event[5][1][3]++; })),
    refused('another commitment of a withheld item', 'manifest', held, bend(2, (event) => { event[5][1][4] = bytesOf('another'); })),
  ];
};
const manifestNonceOf = (own) => own.nonces({ ...own.events[2], items: own.events[2].items.map((one) => ({ ...one, withheld: Buffer.alloc(0) })) })[0];

const end = () => {
  const small = (own) => { own.events[3].position = 6; own.size = 6; };
  const sign = (text) => note(text, log.line(text));
  const checkpoint = (size, root) => ({ tail }) => { tail[1] = sign(checkpointText(log.name, size, root)); };
  return [
    refused('a byte behind it', 'end', null, ({ head: first, events, tail }) => cat(...[first, ...events, tail].map(pack), Buffer.of(0))),
    refused('no note', 'note', null, ({ tail }) => { tail[1] = 'no note'; }),
    refused('no checkpoint', 'checkpoint', null, ({ tail }) => { tail[1] = sign('no checkpoint\n'); }),
    refused('another log', 'origin', null, ({ tail }) => { const text = checkpointText('another', 21, bytesOf('root')); tail[1] = note(text, makeKey('another').line(text)); }),
    refused('signed by another key of that name', 'signature', null, ({ tail }) => {
      const text = tail[1].slice(0, tail[1].indexOf('\n\n') + 1);
      tail[1] = note(text, makeKey(log.name, 1, bytesOf('another')).line(text));
    }),
    refused('a bit of the signature turned', 'signature', null, ({ tail }) => { tail[1] = tail[1].replace(/(.)(=*)\n$/, (_, last, pad) => `${last === 'A' ? 'Q' : 'A'}${pad}\n`); }),
    refused('not cosigned', 'quorum', null, null, asks),
    refused('dated more than an hour after a witness had seen it', 'cosigned', set(4, { time: TIME + 3601000n }), withCosignature, asks),
    refused('cosigned, and that was touched', 'cosignature', null, ({ tail }) => { tail[1] += witness.line('another text\n'); }, { ...asks, quorum: 0 }),
    refused('cosigned in the future', 'quorum', null, withCosignature, { ...asks, now: '1600000000' }),
    refused('cosigned too long ago', 'quorum', null, withCosignature, { ...asks, now: '1800000000', max_age: '86400' }),
    refused('a checkpoint of more than 128 KiB', 'encoding', null, ({ tail }) => { tail[1] = 'x'.repeat(128 * 1024 + 1); }),
    refused('a checkpoint from before the last event', 'size', small),
    refused('a checkpoint beyond any log', 'size', null, checkpoint((1n << 62n) + 1n, bytesOf('root'))),
    refused('another root, signed', 'root', null, checkpoint(21, bytesOf('another'))),
    refused('another leaf in a gap', 'root', null, bend(1, (event) => { event[0] = bytesOf('another'); })),
    refused('an event at another position', 'root', null, ({ events }) => { events[1][1] = 3; events[1][0] = events[0][0]; events[2][0] = bytesOf('x'); }),
    refused('a root in the tail changed', 'root', null, ({ tail }) => { tail[0] = cat(tail[0].subarray(32), bytesOf('another')); }),
    refused('withheld, and no redact event names it', 'withheld', (own) => { own.events[1].items[1].withheld = Buffer.from('{}'); }),
    refused('withheld, and a redact event names its neighbour', 'targets', (own) => {
      own.redact(12, 2, 1, '{}');
      own.events[4].items[0].data = pack([1, 'a reason', [[2, 0, Buffer.from('{}')]]]);
    }),
    refused('something else stands in its place', 'targets', (own) => own.redact(12, 2, 1, '{"a":1}', '{"a":2}')),
    refused('what an earlier redact event says stands in its place', 'targets', (own) => {
      own.redact(12, 2, 1, '{"title":"[redacted]"}').redact(13, 2, 1, '{"title":"[redacted]"}', '{}');
    }),
    refused('a redact event withheld, and none names it', 'withheld', () => recordRedacted({ unnamed: true })),
    refused('a redact event named by its record instead of its hash', 'targets', () => recordRedacted({ said: pack([1, 'a reason', [[2, 1, Buffer.from('{}')]]]) })),
    refused('another record in the place of a redact event\'s', 'targets', () => recordRedacted({ stands: pack([1, 'another reason', [[2, 1, Buffer.from('{}')]]]) })),
    refused('content gone, and no removal', 'erased', set(3, { erased: true })),
  ];
};

export const bundles = () => ({
  about: 'Bundles (core/FORMAT.md, chapter 8) in base64: of those that hold, what a verifier says; of the others the first rule that does not hold.',
  log: log.vkey,
  vectors: [...holding(), ...encoding(), ...head(), ...place(), ...content(), ...end()],
});
