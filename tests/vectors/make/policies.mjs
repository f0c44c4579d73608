// Policies as text, and the proof of a conflict.
import { bytesOf, cat, checkpointText, cover, hex, leafHash, makeKey, note, rootOf, sha256 } from './encode.mjs';

// ---- policies ----

const log = makeKey('sharelog.example/log'), other = makeKey('other.example/log');
const [w1, w2, w3] = ['w1.example', 'w2.example', 'w3.example'].map((name) => makeKey(name, 4));
const unknown = (name, type, key) => { // a key of a type that nobody here can check; of 06 its id is the specification's
  const typed = cat(Buffer.of(type), key);
  return `${name}+${hex(sha256(name, '\n', typed).subarray(0, 4))}+${typed.toString('base64')}`;
};
const mldsa = (name) => unknown(name, 6, cat(...Array.from({ length: 41 }, (_, i) => bytesOf(`${name} ${i}`)))); // 1,312 bytes

const SIZE = 21, TEXT = checkpointText(log.name, SIZE, bytesOf('root'));
const signed = (...keys) => note(TEXT, ...keys.map((key) => key.line(TEXT)));
const NAMES = `log ${log.vkey}\nwitness a ${w1.vkey}\nwitness b ${w2.vkey}\n`;
const hexText = (text) => hex(Buffer.isBuffer(text) ? text : Buffer.from(text));
const ok = (name, policy, text = signed(log, w1, w2), cosignatures = 2) => ({ name, policy: hexText(policy), note: text, verdict: 'accepted', cosignatures: `${cosignatures}` });
const no = (name, rule, policy, text = signed(log, w1, w2)) => ({ name, policy: hexText(policy), note: text, verdict: 'refused', rule });
const bad = (name, policy) => no(name, 'policy', policy);

export const policies = () => ({
  about: 'Policies as text (C2SP tlog-policy; core/FORMAT.md, chapter 9), in hexadecimal since they are bytes, and a checkpoint that is held against each. The rule `policy`: it is none.',
  vectors: [
    ok('one witness', `${NAMES}quorum a\n`),
    ok('none is needed', `log ${log.vkey}\nquorum none\n`, signed(log), 0),
    ok('any of two', `${NAMES}group g any a b\nquorum g\n`, signed(log, w2), 1),
    ok('all of two', `${NAMES}group g all a b\nquorum g\n`),
    ok('two of two, a URL behind each key', `log ${log.vkey} https://log.example/\nwitness a ${w1.vkey} https://w1.example/\nwitness b ${w2.vkey}\ngroup g 2 a b\nquorum g\n`),
    ok('groups of groups', `${NAMES}witness c ${w3.vkey}\ngroup g any a b\ngroup h all g c\nquorum h\n`, signed(log, w2, w3), 2),
    ok('tabs, blanks, comments, empty lines', `# a policy\n\n\tlog \t${log.vkey} \n  # more\nwitness a ${w1.vkey}\nquorum\ta\n`, signed(log, w1), 1),
    ok('names that are no UTF-8', cat(Buffer.from(`log ${log.vkey}\nwitness `), Buffer.of(0xe9, 0xff), Buffer.from(` ${w1.vkey}\nquorum `), Buffer.of(0xe9, 0xff, 0x0a)), signed(log, w1), 1),
    ok('two logs', `log ${other.vkey}\nlog ${log.vkey}\nquorum none\n`, signed(log), 0),
    ok('a witness whose key is ML-DSA-44, which isn\'t needed', `${NAMES}witness pq ${mldsa('pq.example')}\ngroup g any a pq\nquorum g\n`),
    ok('a witness whose key is of a type that nobody knows', `${NAMES}witness x ${unknown('x.example', 0xfe, bytesOf('x'))}\nquorum a\n`),
    ok('a log whose key is ML-DSA-44 beside one whose isn\'t', `${NAMES}log ${mldsa('pq.example')}\nquorum a\n`),
    ok('the log of a witness\'s own key', `log ${log.vkey}\nwitness a ${makeKey(log.name, 4).vkey}\nquorum none\n`, signed(log), 0),
    ok('signed twice', `${NAMES}quorum a\n`, signed(log, w1, w1), 1),
    no('one of two', 'quorum', `${NAMES}group g all a b\nquorum g\n`, signed(log, w1)),
    no('a group of groups, one lacks', 'quorum', `${NAMES}witness c ${w3.vkey}\ngroup g any a b\ngroup h all g c\nquorum h\n`),
    no('nobody signed', 'quorum', `${NAMES}quorum a\n`, signed(log)),
    no('a witness whose key is ML-DSA-44, which is needed', 'quorum', `log ${log.vkey}\nwitness pq ${mldsa('pq.example')}\nquorum pq\n`),
    no('another log', 'origin', `log ${other.vkey}\nquorum none\n`),
    no('no log', 'origin', `witness a ${w1.vkey}\nquorum a\n`),
    no('the log didn\'t sign', 'signature', `${NAMES}quorum a\n`, signed(other, w1)),
    no('another of its logs signed it wrong', 'signature', `${NAMES}log ${other.vkey}\nquorum a\n`, note(TEXT, log.line(TEXT), w1.line(TEXT), other.line(`${TEXT}x\n`))),
    no('a witness signed it wrong, beside a good quorum', 'cosignature', `${NAMES}quorum a\n`, note(TEXT, log.line(TEXT), w1.line(TEXT), w2.line(`${TEXT}x\n`))),
    bad('no quorum', NAMES),
    bad('two quorums', `${NAMES}quorum a\nquorum a\n`),
    bad('a quorum of nobody', `${NAMES}quorum c\n`),
    bad('a quorum before its witness', `quorum a\n${NAMES}`),
    bad('a quorum of two names', `${NAMES}quorum a b\n`),
    bad('the last line not ended', `${NAMES}quorum a`),
    bad('nothing', ''),
    bad('a carriage return', `${NAMES}quorum a\r\n`),
    bad('a form feed in a comment', `# \f\n${NAMES}quorum a\n`),
    bad('DEL in a comment', `# \u007f\n${NAMES}quorum a\n`),
    bad('a comment behind a line', `${NAMES}quorum a # why\n`),
    bad('a word in capitals', `${NAMES}Quorum a\n`),
    bad('a log whose key cosigns', `log ${w1.vkey}\nquorum none\n`),
    bad('a witness whose key signs as a log', `${NAMES}witness c ${other.vkey}\nquorum a\n`),
    bad('a log twice', `log ${log.vkey}\nlog ${log.vkey}\nquorum none\n`),
    bad('a log twice, by two names', `log ${log.vkey}\nlog ${makeKey('renamed', 1, bytesOf('key sharelog.example/log')).vkey}\nquorum none\n`),
    bad('a witness\'s key twice', `${NAMES}witness c ${w1.vkey}\nquorum a\n`),
    bad('an unknown key twice', `${NAMES}witness c ${mldsa('pq.example')}\nwitness d ${mldsa('pq.example')}\nquorum a\n`),
    bad('a key once known and once not', `${NAMES}witness c ${unknown('x', 0x20, w1.typed.subarray(1))}\nquorum a\n`),
    bad('a name twice', `${NAMES}witness a ${w3.vkey}\nquorum a\n`),
    bad('a witness called none', `${NAMES}witness none ${w3.vkey}\nquorum a\n`),
    bad('a group called as a witness', `${NAMES}group a any b\nquorum a\n`),
    bad('a group of nobody', `${NAMES}group g any\nquorum a\n`),
    bad('a group of none', `${NAMES}group g any none\nquorum a\n`),
    bad('a group of itself', `${NAMES}group g any g\nquorum a\n`),
    bad('a member twice', `${NAMES}group g any a a\nquorum g\n`),
    bad('a member of two groups', `${NAMES}group g any a\ngroup h any a\nquorum g\n`),
    bad('0 of two', `${NAMES}group g 0 a b\nquorum g\n`),
    bad('3 of two', `${NAMES}group g 3 a b\nquorum g\n`),
    bad('01 of two', `${NAMES}group g 01 a b\nquorum g\n`),
    bad('most of two', `${NAMES}group g most a b\nquorum g\n`),
    bad('a key that is none', `log ${log.vkey.slice(0, -1)}\nquorum none\n`),
    bad('more behind a URL', `log ${log.vkey} https://log.example/ more\nquorum none\n`),
  ],
});

// ---- conflicts ----

const leaves = Array.from({ length: 40 }, (_, i) => leafHash(bytesOf(`leaf ${i}`))), forked = leaves.map((leaf, i) => i < 3 ? leaf : leafHash(bytesOf(`another ${i}`)));
const noteOf = (list, size, key = log, origin = key.name) => { const text = checkpointText(origin, size, rootOf(list.slice(0, size))); return note(text, key.line(text)); };
const rootsOf = (list, m, n) => [...cover(0, m), ...cover(m, n)].map(([level, index]) => rootOf(list.slice(index * 2 ** level, (index + 1) * 2 ** level)));
const file = (smaller, roots, larger) => `sharelog/conflict@v1\nsmaller ${Buffer.from(smaller).toString('base64')}\n${roots.map((root) => `${root.toString('base64')}\n`).join('')}\n${larger}`;
const proves = (name, m, n) => ({ name, conflict: file(noteOf(leaves, m), m === n ? [] : rootsOf(forked, m, n), noteOf(forked, n)), verdict: 'accepted', smaller: `${m}`, larger: `${n}` });
const doesNot = (name, rule, conflict) => ({ name, conflict, verdict: 'refused', rule });

export const conflicts = () => ({
  about: 'Proofs that a log signed two histories (core/FORMAT.md, chapter 9), judged with the log\'s verifier key: of which sizes, or the rule.',
  log: log.vkey,
  vectors: [
    ...[[21, 21], [5, 21], [8, 21], [20, 21], [16, 32], [4, 40]].map(([m, n]) => proves(`${m} and ${n}`, m, n)),
    doesNot('a log that grew', 'conflict', file(noteOf(leaves, 8), rootsOf(leaves, 8, 21), noteOf(leaves, 21))),
    doesNot('the same twice', 'conflict', file(noteOf(leaves, 8), [], noteOf(leaves, 8))),
    doesNot('two sizes and no roots', 'conflict', file(noteOf(leaves, 8), [], noteOf(forked, 21))),
    doesNot('the larger first', 'conflict', file(noteOf(forked, 21), rootsOf(leaves, 8, 21), noteOf(leaves, 8))),
    doesNot('a root too few', 'conflict', file(noteOf(leaves, 8), rootsOf(forked, 8, 21).slice(1), noteOf(forked, 21))),
    doesNot('a root too many', 'conflict', file(noteOf(leaves, 8), [...rootsOf(forked, 8, 21), bytesOf('one')], noteOf(forked, 21))),
    doesNot('roots of the other log', 'conflict', file(noteOf(forked, 8), rootsOf(leaves, 8, 21), noteOf(forked, 21))),
    doesNot('roots made up', 'conflict', file(noteOf(leaves, 8), rootsOf(forked, 8, 21).map((_, i) => bytesOf(`root ${i}`)), noteOf(forked, 21))),
    doesNot('the smaller one signed by nobody', 'signature', file(noteOf(leaves, 8).replace(/\n— .*\n$/, `\n${other.line('x\n')}`), rootsOf(forked, 8, 21), noteOf(forked, 21))),
    doesNot('the larger one of another log', 'origin', file(noteOf(leaves, 8), rootsOf(forked, 8, 21), noteOf(forked, 21, other))),
    doesNot('no note', 'note', file('nothing', rootsOf(forked, 8, 21), noteOf(forked, 21))),
    doesNot('no larger one', 'conflict', file(noteOf(leaves, 8), rootsOf(forked, 8, 21), '')),
    doesNot('another form', 'conflict', file(noteOf(leaves, 8), rootsOf(forked, 8, 21), noteOf(forked, 21)).replace('@v1', '@v2')),
    doesNot('a root that is none', 'conflict', file(noteOf(leaves, 8), [bytesOf('short', 31), ...rootsOf(forked, 8, 21).slice(1)], noteOf(forked, 21))),
    doesNot('nothing', 'conflict', ''),
  ],
});
