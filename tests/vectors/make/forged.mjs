// Bundles in which all fits together, chain, tree, commitments and signature, and which no server that keeps to core/FORMAT.md makes: what
// somebody could sign who has the log's key. One for each thing that a verifier sees of it.
import { TIME, item, log, pack, share } from './share.mjs';

const forged = (name, rule, make) => {
  const own = share();
  return { name, bundle: (make(own) ?? own).bundle().toString('base64'), verdict: 'refused', rule };
};
/** Another first item of the third event. */
const sent = (type, key, data, more) => (own) => { own.events[2].items[0] = item(type, key, data, more); };
/** What stands in the place of the first item of the second event, a message. */
const stands = (text) => (own) => own.redact(12, 2, 0, text);
/** A redact event that says something else, beside an item that is withheld. */
const says = (...entries) => (own) => {
  own.redact(12, 2, 1, '{}');
  own.events[4].items[0].data = pack([1, 'a reason', entries.map(([sequence, at, text]) => [sequence, at, Buffer.from(text)])]);
};
const record = (kind, ...parts) => (own) => { own.add(kind, 12, pack(parts)); };
const taken = (own, ...parts) => { own.remove(12); own.add(4, 13, pack(parts)); };
const removes = (change) => (own) => { own.remove(12); own.events[4].items[0].data = pack([1, 'a reason', change(own.events.slice(0, 4).map(({ position }) => position))]); };
const right = [2, 1, '{}'];

const items = () => [
  forged('an id that is not its key\'s', 'key', sent('message', 'message/msg_1', '{"id":"msg_2","role":"user"}')),
  forged('a key without its id', 'key', sent('message', 'message', '{"id":"msg_1"}')),
  forged('a key with an id more', 'key', sent('message', 'message/msg_1/x', '{"id":"msg_1"}')),
  forged('an id that is no string', 'key', sent('message', 'message/1', '{"id":1}')),
  forged('data that is null', 'key', sent('message', 'message/msg_1', 'null')),
  forged('a type that is not its key\'s', 'key', sent('massage', 'message/msg_1', '{"id":"msg_1"}')),
  forged('ids in the other order', 'key', sent('part', 'part/prt_1/msg_1', '{"id":"prt_1","messageID":"msg_1"}')),
  forged('an id that is not escaped in the key', 'key', sent('message', 'message/a b\n', '{"id":"a b\\n"}')),
  forged('an id that is escaped in small letters', 'key', sent('message', 'message/a%2fb', '{"id":"a/b"}')),
  forged('another type with an id, and none in its key', 'key', sent('todo', 'todo', '{"id":"t"}')),
  forged('another type without an id, and one in its key', 'key', sent('todo', 'todo/t', '{}')),
  forged('a type that is not UTF-8', 'key', sent([0x74, 0xff], [0x74, 0xff], '1')),
  forged('a type with half a surrogate\'s bytes', 'key', sent([0x74, 0xed, 0xa0], [0x74, 0xed, 0xa0], '1')),
  forged('a key that is not UTF-8', 'key', sent('message', Buffer.concat([Buffer.from('message/'), Buffer.of(0xff)]), '{"id":"x"}')),
  forged('a percent sign that is not escaped in the key', 'key', sent('t%u0041', 't%u0041', '1')),
  forged('data that is no JSON', 'data', sent('message', 'message/msg_1', 'I stole the money')),
  forged('data that is empty', 'data', sent('todo', 'todo', '')),
  forged('data that is not UTF-8', 'data', sent('message', 'message/msg_1', Buffer.concat([Buffer.from('{"id":"msg_1","x":"'), Buffer.of(0xff), Buffer.from('"}')]))),
  forged('two values', 'data', sent('message', 'message/msg_1', '{"id":"msg_1"}{"id":"msg_1"}')),
  forged('white space behind the value', 'data', sent('message', 'message/msg_1', '{"id":"msg_1"} ')),
  forged('nested too deep', 'data', sent('todo', 'todo', '['.repeat(1025) + ']'.repeat(1025))),
  forged('data of more than 64 KiB, and another id behind it', 'key', sent('message', 'message/msg_1', `{"id":"msg_1","text":"${'x'.repeat(70000)}","id":"msg_2"}`)),
  forged('a create that is called something else', 'key', (own) => { own.events[0].items[0].key = Buffer.from('session'); }),
  forged('a redact event that is called a session', 'key', (own) => { own.redact(12, 2, 1, '{}'); own.events[4].items[0].type = own.events[4].items[0].key = Buffer.from('session'); }),
];

const replacements = () => [
  forged('marked, and nothing in it reads [redacted]', 'replacement', sent('message', 'message/msg_1', '{"id":"msg_1","text":"I stole the money"}', { marked: true })),
  forged('I stole the money', 'data', stands('I stole the money')),
  forged('<script>', 'data', stands('<script>alert(1)</script>')),
  forged('nothing', 'data', stands('')),
  forged('null', 'replacement', stands('null')),
  forged('another message', 'replacement', stands('{"id":"msg_2","role":"[redacted]"}')),
  forged('a list', 'replacement', stands('["[redacted]"]')),
  forged('a text that was not there, and no [redacted]', 'replacement', stands('{"id":"msg_1","text":"I stole the money"}')),
  forged('[redacted] in the middle of a text', 'replacement', stands('{"id":"msg_1","x":"I [redacted]"}')),
  forged('[redacted] behind a quote in a text', 'replacement', stands('{"id":"msg_1","x":"\\"[redacted]"}')),
  forged('longer than what was sent', 'replacement', stands('{"id":"msg_1","text":"[redacted]","more":"I stole the money"}')),
  forged('an object of free form that is not empty', 'replacement', stands('{"id":"msg_1","input":{"a":1}}')),
  forged('a string by a name that only looks like an id', 'replacement', stands('{"id":"msg_1","VALID":"x"}')),
  forged('a name outside of an error', 'replacement', stands('{"id":"msg_1","name":"x"}')),
  forged('a role of two words', 'replacement', stands('{"id":"msg_1","role":"a b"}')),
  forged('a name of two words', 'replacement', stands('{"id":"msg_1","a b":1}')),
  forged('a string in a list', 'replacement', stands('{"id":"msg_1","type":["x"]}')),
  forged('an escape that redacting would not write', 'replacement', stands('{"id":"msg_1","role":"\\u0061"}')),
  forged('white space that redacting would not write', 'replacement', stands('{"id":"msg_1", "n":1}')),
  forged('a number of 33 digits', 'replacement', (own) => {
    own.events[1].items[0].data = Buffer.from(`{"id":"msg_1","text":"${'x'.repeat(100)}"}`);
    own.redact(12, 2, 0, `{"id":"msg_1","n":${'1'.repeat(33)}}`);
  }),
];

const events = () => [
  forged('a redact event of an item that stands', 'targets', says([2, 0, '{}'], right)),
  forged('of an item that is not there', 'targets', says(right, [2, 7, '{}'])),
  forged('of an event that is not there', 'targets', says(right, [99, 0, '{}'])),
  forged('of the create', 'targets', says([1, 0, ''], right)),
  forged('of itself', 'targets', says(right, [5, 0, ''])),
  forged('of one item twice', 'targets', says(right, right)),
  forged('of items out of order', 'targets', (own) => {
    own.redact(12, 2, 1, '{}');
    own.events[2].items[0].withheld = Buffer.from('{"id":"msg_1","role":"user"}');
    own.events[4].items[0].data = pack([1, '', [[3, 0, own.events[2].items[0].withheld], [2, 1, Buffer.from('{}')]]]);
  }),
  forged('a redact event by nobody known', 'record', record(3, 7, 'a reason', [])),
  forged('a redact event of four parts', 'record', record(3, 1, 'a reason', [], 7)),
  forged('something behind what a redact event says', 'record', (own) => { own.add(3, 12, Buffer.concat([pack([1, '', []]), Buffer.of(0)])); }),
  forged('a removal of positions that are not the share\'s', 'positions', removes((own) => own.map((at) => at + 1))),
  forged('a removal of all but one', 'positions', removes((own) => own.slice(1))),
  forged('a removal of one more', 'positions', removes((own) => [...own, 11])),
  forged('a removal of four parts', 'record', (own) => { own.remove(12); own.events[4].items[0].data = pack([1, '', [1, 2, 5, 9], 0]); }),
  forged('an allowance by nobody known', 'record', (own) => { taken(own, 7, ''); }),
  forged('an allowance of three parts', 'record', (own) => { taken(own, 1, '', []); }),
  forged('a time in the year 292 million', 'time', (own) => { own.events[3].time = (1n << 63n) - 1n; own.events[3].arrived = 0n; }),
  forged('times from before the year 2000', 'time', (own) => { own.events.forEach((event, at) => Object.assign(event, { time: BigInt(at), arrived: 0n })); }),
  forged('an arrival after its event\'s time', 'arrival', (own) => { own.events[1].arrived = (TIME + 20n + 3600001n) * 1000n; }),
];

export const forgeries = () => ({
  about: 'Bundles (core/FORMAT.md, chapter 8) in base64 that are chained, committed to and signed as they should be, and say what no server makes: the rule that refuses each.',
  log: log.vkey,
  vectors: [...items(), ...replacements(), ...events()],
});
