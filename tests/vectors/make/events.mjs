// Headers, manifests, keys and bodies.
import { Raw, Text, bytesOf, cat, hex, hmac, leafHash, pack, sha256, u32, u64 } from './encode.mjs';

// ---- headers ----

const good = { version: 1, kind: 1, share_ref: bytesOf('share_ref'), sequence: 2, time_ms: 1700000000123n, prev: bytesOf('prev'), manifest: bytesOf('manifest') };
const encode = (header) => pack(Object.values({ ...good, ...header }));
const yes = (name, header) => {
  const all = { ...good, ...header }, bytes = encode(header);
  return { name, header: hex(bytes), valid: true, kind: `${all.kind}`, share_ref: hex(all.share_ref), sequence: `${all.sequence}`, time_ms: `${all.time_ms}`,
    prev: hex(all.prev), manifest_commitment: hex(all.manifest), leaf: hex(leafHash(bytes)) };
};
const no = (name, bytes) => ({ name, header: hex(bytes), valid: false });

export const headers = () => ({
  about: 'Headers and their leaf hashes (core/FORMAT.md, chapter 2). All in hexadecimal, numbers in decimal.',
  vectors: [
    yes('a sync'),
    yes('a create: sequence 1, prev zero', { kind: 0, sequence: 1, prev: Buffer.alloc(32) }),
    ...[2, 3, 4].map((kind) => yes(`kind ${kind}`, { kind })),
    yes('a kind that is not known is a header; a verifier of an event refuses it', { kind: 5 }),
    ...[127, 128, 255, 256, 65535, 65536, 4294967295n, 4294967296n, (1n << 64n) - 1n].map((sequence) => yes(`sequence ${sequence}`, { sequence })),
    yes('the largest kind', { kind: 4294967295n }),
    no('a kind beyond 32 bits', encode({ kind: 4294967296n })),
    yes('time 0', { time_ms: 0 }),
    no('version 0', encode({ version: 0 })),
    no('version 2', encode({ version: 2 })),
    no('sequence 0', encode({ sequence: 0 })),
    no('a sequence not in its smallest encoding', encode({ sequence: new Raw(Buffer.of(0xcc, 2)) })),
    no('a time not in its smallest encoding', encode({ time_ms: new Raw(cat(Buffer.of(0xcf), u64(5))) })),
    no('a hash in bin 16', encode({ prev: new Raw(cat(Buffer.of(0xc5, 0, 32), good.prev)) })),
    no('a hash as str', encode({ prev: new Text(good.prev) })),
    no('an array in array 16', cat(Buffer.of(0xdc, 0, 7), encode({}).subarray(1))),
    no('a hash of 31 bytes', encode({ prev: good.prev.subarray(1) })),
    no('a hash of 33 bytes', encode({ manifest: cat(good.manifest, Buffer.of(0)) })),
    no('six parts', pack(Object.values(good).slice(0, 6))),
    no('eight parts', pack([...Object.values(good), 0])),
    no('a byte behind it', cat(encode({}), Buffer.of(0))),
    no('a byte too few', encode({}).subarray(0, -1)),
    no('a signed number', encode({ kind: new Raw(Buffer.of(0xd0, 1)) })),
    no('nothing', Buffer.alloc(0)),
  ],
});

// ---- nonces, commitments, manifests ----

export const itemNonce = (nonce, i) => hmac(nonce, u32(i)).subarray(0, 16);
export const manifestNonce = (nonce) => hmac(nonce, 'manifest').subarray(0, 16);
const strOf = (value) => Buffer.isBuffer(value) ? new Text(value) : value;
export const packManifest = (arrived, items) => pack([arrived, ...items.map(({ type, key, length, commitment, marked }) => [strOf(type), strOf(key), length, commitment, ...(marked ? [1] : [])])]);

const item = (type, key, data, more = {}) => ({ type: Buffer.from(type), key: Buffer.from(key), data: Buffer.from(data), ...more });
const long = (byte, times) => ({ type: Buffer.from('blob'), key: Buffer.from('blob'), data: Buffer.alloc(times, byte), repeat: { byte, times } });

function manifest(name, arrived, items) {
  const nonce = bytesOf(`event nonce ${name}`);
  const nonces = items.map((_, i) => itemNonce(nonce, i)), commitments = items.map(({ data }, i) => sha256(nonces[i], data));
  const packed = packManifest(arrived, items.map(({ type, key, data, marked }, i) => ({ type, key, marked, length: data.length, commitment: commitments[i] })));
  return { name, nonce: hex(nonce), arrived_us: `${arrived}`,
    items: items.map(({ type, key, data, repeat, marked }) => ({ type: hex(type), key: hex(key), ...(marked ? { marked } : {}), ...(repeat ? { repeat } : { data: hex(data) }) })),
    item_nonces: nonces.map(hex), commitments: commitments.map(hex), manifest_nonce: hex(manifestNonce(nonce)), manifest: hex(packed),
    manifest_commitment: hex(sha256(manifestNonce(nonce), packed)) };
}

export const manifests = () => ({
  about: 'From an event nonce, a time of arrival and items to nonces, commitments, manifest and its commitment (core/FORMAT.md, chapter 4). `repeat` is a byte so many times; `marked` an item that was redacted on arrival.',
  vectors: [
    manifest('no items', 0, []),
    manifest('one item', 1700000000000001n, [item('session', 'session', '{"id":"ses_1","title":"T"}')]),
    manifest('empty data', 1, [item('x', 'x', '')]),
    manifest('two items, one redacted on arrival', 1700000000000001n, [item('message', 'message/m', '{"id":"m","text":"[redacted]"}', { marked: true }),
      item('session', 'session', '{}')]),
    manifest('three items, one with a lone surrogate in its type, as format 1 kept it', 1700000000000001n, [item('session', 'session', '{"id":"ses_1"}'),
      item('part', 'part/msg_%25/prt%2F1', '{"id":"prt/1","messageID":"msg_%","text":"\\ud800"}'), item([0x74, 0xed, 0xa0, 0x80], 't%uD800', ' [ 1 ] '.trim())]),
    manifest('fourteen items: an array of fifteen', 200, Array.from({ length: 14 }, (_, i) => item('t', `t/${i}`, `${i}`))),
    manifest('fifteen items: an array of sixteen', 200, Array.from({ length: 15 }, (_, i) => item('t', `t/${i}`, `${i}`))),
    manifest('types and keys of 31, 32, 255 and 256 bytes', 65536, [31, 32, 255, 256].map((n) => item('t'.repeat(n), 'k'.repeat(n), '1'))),
    manifest('lengths of 127, 128, 255, 256, 65535, 65536', 4294967296n, [127, 128, 255, 256, 65535, 65536].map((n) => long(0x61, n))),
  ],
});

// ---- item keys ----

const key = (name, json, type, expected) => ({ name, item: json, type: hex(Buffer.from(type)), key: expected });
const lacks = (name, json, member) => ({ name, item: json, lacks: member });

export const itemKeys = () => ({
  about: 'From an item of a batch, as JSON text, to its type (hexadecimal) and its key (core/FORMAT.md, chapter 3); or to the member for want of which the batch is refused.',
  vectors: [
    key('session', '{"type":"session","data":{"id":"ses_1"}}', 'session', 'session'),
    key('session without an object', '{"type":"session","data":7}', 'session', 'session'),
    key('session_diff', '{"type":"session_diff","data":[]}', 'session_diff', 'session_diff'),
    key('model', '{"type":"model","data":[{"id":"m","providerID":"p"}]}', 'model', 'model'),
    key('message', '{"type":"message","data":{"id":"msg_1"}}', 'message', 'message/msg_1'),
    key('part', '{"type":"part","data":{"messageID":"msg_1","id":"prt_1"}}', 'part', 'part/msg_1/prt_1'),
    key('messages', '{"type":"messages","data":{"sessionID":"ses_1","id":"not this"}}', 'messages', 'messages/ses_1'),
    key('another type with an id', '{"type":"todo","data":{"id":"t1"}}', 'todo', 'todo/t1'),
    key('another type without an id', '{"type":"todo","data":{"name":"t1"}}', 'todo', 'todo'),
    key('another type whose id is a number', '{"type":"todo","data":{"id":1}}', 'todo', 'todo'),
    key('another type, a list', '{"type":"todo","data":[{"id":"t1"}]}', 'todo', 'todo'),
    key('another type, an id in an inner object', '{"type":"todo","data":{"a":{"id":"t1"}}}', 'todo', 'todo'),
    key('an empty type', '{"type":"","data":1}', '', ''),
    key('an empty id', '{"type":"message","data":{"id":""}}', 'message', 'message/'),
    key('a type that is a known one behind escapes', '{"type":"mess\\u0061ge","data":{"\\u0069d":"m"}}', 'message', 'message/m'),
    key('a type in capitals is another', '{"type":"Message","data":{"id":"m"}}', 'Message', 'Message/m'),
    key('percent and slash', '{"type":"message","data":{"id":"a%b/c"}}', 'message', 'message/a%25b%2Fc'),
    key('an escaped slash is a slash', '{"type":"message","data":{"id":"a\\/b"}}', 'message', 'message/a%2Fb'),
    key('a type with a slash is no part', '{"type":"part/a","data":{"id":"b"}}', 'part/a', 'part%2Fa/b'),
    key('controls', '{"type":"message","data":{"id":"\\u0000\\t\\n\\u001f\\u007f\u007f "}}', 'message', 'message/%00%09%0A%1F%7F%7F '),
    key('C1 controls', '{"type":"message","data":{"id":"\\u0080\u0085\u009f"}}', 'message', 'message/%C2%80%C2%85%C2%9F'),
    key('what is next to the C1 controls stays', '{"type":"message","data":{"id":"~\u00a0\u00bf\u00e9"}}', 'message', 'message/~\u00a0\u00bf\u00e9'),
    key('an escaped and a plain character are one', '{"type":"message","data":{"id":"\\u00e9\u00e9"}}', 'message', 'message/\u00e9\u00e9'),
    key('a pair of surrogates is one character', '{"type":"message","data":{"id":"\\ud83d\\ude00\u{1f600}"}}', 'message', 'message/\u{1f600}\u{1f600}'),
    key('a lone high surrogate', '{"type":"message","data":{"id":"\\ud800"}}', 'message', 'message/%uD800'),
    key('a lone low surrogate', '{"type":"message","data":{"id":"a\\uDFFFb"}}', 'message', 'message/a%uDFFFb'),
    key('the wrong way round', '{"type":"message","data":{"id":"\\ude00\\ud83d"}}', 'message', 'message/%uDE00%uD83D'),
    key('two high ones, then a low one', '{"type":"message","data":{"id":"\\ud83d\\ud83d\\ude00"}}', 'message', 'message/%uD83D\u{1f600}'),
    key('what is next to the surrogates stays', '{"type":"message","data":{"id":"\ud7ff\ue000"}}', 'message', 'message/\ud7ff\ue000'),
    key('a lone surrogate in a type', '{"type":"t\\ud800","data":1}', 't%uD800', 't%uD800'),
    key('a type of the letters that a lone surrogate is kept as', '{"type":"t%uD800","data":1}', 't%uD800', 't%25uD800'),
    key('a type with a NUL', '{"type":"todo\\u0000","data":1}', 'todo\0', 'todo%00'),
    key('of two ids the last', '{"type":"message","data":{"id":"a","id":"b"}}', 'message', 'message/b'),
    key('of two ids the last, whatever it is', '{"type":"todo","data":{"id":"a","id":null}}', 'todo', 'todo'),
    key('of two types the last', '{"type":"session","data":{"id":"m"},"type":"message"}', 'message', 'message/m'),
    key('of two datas the last', '{"type":"message","data":{"id":"a"},"data":{"id":"b"}}', 'message', 'message/b'),
    key('__proto__ is a name like others', '{"type":"__proto__","data":{"id":"a"}}', '__proto__', '__proto__/a'),
    key('white space everywhere', ' { "type" : "message" , "data" : { "id" : "m" } } ', 'message', 'message/m'),
    lacks('message without an id', '{"type":"message","data":{}}', 'data.id'),
    lacks('message that is a list', '{"type":"message","data":[]}', 'data.id'),
    lacks('message with an id that is no string', '{"type":"message","data":{"id":"a","id":1}}', 'data.id'),
    lacks('part without a messageID', '{"type":"part","data":{"id":"p"}}', 'data.messageID'),
    lacks('part without an id', '{"type":"part","data":{"messageID":"m"}}', 'data.id'),
    lacks('messages without a sessionID', '{"type":"messages","data":{"id":"a"}}', 'data.sessionID'),
  ],
});

// ---- share_ref ----

const reference = (id, salt = bytesOf(`salt ${id}`)) => ({ name: id, id, salt: hex(salt), share_ref: hex(sha256(salt, id)) });
export const shareRefs = () => ({
  about: 'From a salt and a share id to its share_ref (core/FORMAT.md, chapter 2).',
  vectors: [reference('dXn5PvMt'), reference('a', Buffer.alloc(32)), reference('test_q7Zk2bXa-0123abcd'), reference('_'.repeat(64), Buffer.alloc(32, 0xff))],
});

// ---- bodies ----

const HASH = bytesOf('secret'), SALT = bytesOf('salt'), NOBODY = Buffer.alloc(32);
const create = (name, share_id, session_id, secret_kind) => ({ name, kind: 'create', body: hex(pack([share_id, session_id, SALT, secret_kind, HASH, 0])),
  share_id, session_id, salt: hex(SALT), secret_kind: `${secret_kind}`, secret_hash: hex(HASH) });
const create2 = (name, share_id, session_id, secret_kind, maker) => ({ ...create(name, share_id, session_id, secret_kind),
  body: hex(pack([share_id, session_id, SALT, secret_kind, HASH, maker])), maker: hex(maker) });
/** The maker of a key's name under a signing seed. */
const makerOf = (seed, name) => hmac(hmac(seed, 'sharelog makers'), name);
const remove = (name, who, reason, positions) => ({ name, kind: 'remove', body: hex(pack([who, reason, positions])), who: `${who}`, reason, positions: positions.map(String) });
const redact = (name, who, reason, entries) => ({ name, kind: 'redact', body: hex(pack([who, reason, entries])), who: `${who}`, reason,
  entries: entries.map(([sequence, item, replacement]) => ({ sequence: `${sequence}`, item: `${item}`, replacement: hex(replacement) })) });
const allow = (name, who, reason) => ({ name, kind: 'allow', body: hex(pack([who, reason])), who: `${who}`, reason });
const refused = (name, kind, value) => ({ name, kind, body: hex(pack(value)), refused: true });
const stored = (name, nonce, items) => nonce
  ? { name, kind: 'stored', body: hex(cat(Buffer.of(0), nonce)), nonce: hex(nonce) }
  : { name, kind: 'stored', body: hex(cat(Buffer.of(1), bytesOf('m', 16), ...items.map(({ nonce: own, commitment, length }) =>
    own ? cat(Buffer.of(0), own) : cat(Buffer.of(1), commitment, u64(length))))), manifest_nonce: hex(bytesOf('m', 16)),
  items: items.map(({ nonce: own, commitment, length }) => own ? { nonce: hex(own) } : { commitment: hex(commitment), length: `${length}` }) };

export const bodies = () => ({
  about: 'The records that the items of create, remove, redact and allow events are (core/FORMAT.md, chapter 5), and what a stored body begins with (`stored`, chapter 10). Those with `refused` are no such record.',
  vectors: [
    create('create', 'dXn5PvMt', 'ses_0123456789abcdXn5PvMt', 0),
    create('create, a secret by its id', 'dXn5PvMt-0123abcd', 's', 1),
    create('create, a long session id', 'a', 'é'.repeat(128), 0),
    remove('removed by its secret', 0, '', [0]),
    remove('removed by the owner', 1, 'spam', [299, 300, 70000, 4294967296n]),
    remove('removed, sixteen events', 1, 'r'.repeat(40), Array.from({ length: 16 }, (_, i) => 100 + i)),
    redact('redacted', 1, 'a key', [[2, 0, Buffer.from('{"text":"[redacted]"}')], [2, 3, Buffer.from('""')], [300, 65536, Buffer.alloc(300, 0x61)]]),
    redact('a redact event redacted: a hash', 0, '', [[2, 1, Buffer.from('{}')], [5, 0, bytesOf('record')]]),
    redact('a redact event of nothing', 1, '', []),
    allow('allowed', 1, ''),
    refused('removed by nobody known', 'remove', [2, '', []]),
    refused('a removal of two parts', 'remove', [1, '']),
    refused('a redaction of two parts', 'redact', [1, '']),
    refused('a redaction by nobody known', 'redact', [2, '', []]),
    refused('a redaction with an entry of two parts', 'redact', [1, '', [[2, 0]]]),
    refused('an allowance by nobody known', 'allow', [2, '']),
    refused('an allowance of three parts', 'allow', [1, '', []]),
    refused('a creation of five parts', 'create', ['a', 's', SALT, 0, HASH]),
    refused('a creation with a short salt', 'create', ['a', 's', SALT.subarray(1), 0, HASH, 0]),
    create2('create of format 2, by nobody', 'dXn5PvMt', 'ses_0123456789abcdXn5PvMt', 0, NOBODY),
    create2('create of format 2, by the owner key under a seed of 32 zero bytes', 'dXn5PvMt-0123abcd', 's', 1, makerOf(Buffer.alloc(32), 'owner')),
    create2('create of format 2, a long session id', 'a', 'é'.repeat(128), 0, makerOf(bytesOf('seed'), 'client')),
    refused('a creation of seven parts', 'create', ['a', 's', SALT, 0, HASH, NOBODY, 0]),
    refused('a creation with a short maker', 'create', ['a', 's', SALT, 0, HASH, NOBODY.subarray(1)]),
    refused('a creation with a long maker', 'create', ['a', 's', SALT, 0, HASH, cat(NOBODY, Buffer.of(0))]),
    refused('a creation whose maker is text', 'create', ['a', 's', SALT, 0, HASH, new Text(NOBODY)]),
    refused('a creation with a number in the place of its maker', 'create', ['a', 's', SALT, 0, HASH, 1]),
    refused('a creation with a secret of no known kind', 'create', ['a', 's', SALT, 2, HASH, NOBODY]),
    stored('a body as it was appended', bytesOf('n')),
    stored('a body with two items withheld', null, [{ nonce: bytesOf('0', 16) }, { commitment: bytesOf('1'), length: 70000 }, { commitment: bytesOf('2'), length: 0 }, { nonce: bytesOf('3', 16) }]),
  ],
});
