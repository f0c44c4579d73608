// The tree, verifier keys, notes.
import { WEAK, edges } from './ed25519.mjs';
import { bytesOf, cat, checkpointText, consistency, cover, hex, inclusion, makeKey, note, rootOf, sha256 } from './encode.mjs';

// ---- the tree ----

const leaves = Array.from({ length: 80 }, (_, i) => bytesOf(`leaf ${i}`));
const flipped = (hash, bit = 0) => { const out = Buffer.from(hash); out[bit >> 3] ^= 1 << (bit & 7); return out; };

const included = (name, index, size, more = {}) => ({ name, kind: 'inclusion', leaf: hex(more.leaf ?? leaves[index]), index: `${more.index ?? index}`, size: `${more.size ?? size}`,
  path: (more.path ?? inclusion(index, leaves.slice(0, size))).map(hex), root: hex(more.root ?? rootOf(leaves.slice(0, size))), holds: !Object.keys(more).length });
const consistent = (name, from, to, more = {}) => ({ name, kind: 'consistency', from: `${more.from ?? from}`, from_root: hex(more.fromRoot ?? rootOf(leaves.slice(0, from))),
  to: `${more.to ?? to}`, to_root: hex(more.toRoot ?? rootOf(leaves.slice(0, to))), path: (more.path ?? consistency(from, leaves.slice(0, to))).map(hex), holds: !Object.keys(more).length });

export function trees() {
  const path = inclusion(5, leaves.slice(0, 13)), proof = consistency(6, leaves.slice(0, 13));
  return {
    about: 'Roots over leaf hashes, inclusion and consistency proofs that hold or don\'t, and the subtrees that a range is made of (core/FORMAT.md, chapter 6). Root n is over the first n of `leaves`.',
    leaves: leaves.map(hex),
    vectors: [
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 21, 64, 65, 80].map((size) => ({ name: `root ${size}`, kind: 'root', size: `${size}`, root: hex(rootOf(leaves.slice(0, size))) })),
      ...[[0, 1], [0, 2], [1, 2], [2, 3], [0, 7], [3, 7], [6, 7], [7, 8], [8, 9], [20, 21], [64, 65], [79, 80]].map(([m, n]) => included(`inclusion ${m} in ${n}`, m, n)),
      included('inclusion, another leaf', 5, 13, { leaf: leaves[6] }),
      included('inclusion, another place', 5, 13, { index: 4 }),
      included('inclusion, a place beyond the end', 5, 13, { index: 13 }),
      included('inclusion, another size', 5, 13, { size: 17 }),
      included('inclusion, size 0', 0, 1, { size: 0 }),
      included('inclusion, another root', 5, 13, { root: flipped(rootOf(leaves.slice(0, 13)), 255) }),
      included('inclusion, a hash changed', 5, 13, { path: path.map((hash, i) => i === 2 ? flipped(hash) : hash) }),
      included('inclusion, a hash too few', 5, 13, { path: path.slice(0, -1) }),
      included('inclusion, a hash too many', 5, 13, { path: [...path, path[0]] }),
      included('inclusion, two hashes in the other order', 5, 13, { path: [path[1], path[0], ...path.slice(2)] }),
      ...[[0, 0], [0, 5], [1, 1], [1, 2], [1, 8], [2, 3], [3, 7], [4, 7], [6, 7], [6, 8], [7, 8], [8, 8], [8, 13], [21, 80], [64, 80], [79, 80]].map(([m, n]) => consistent(`consistency ${m} to ${n}`, m, n)),
      consistent('consistency, another old root', 6, 13, { fromRoot: rootOf(leaves.slice(1, 7)) }),
      consistent('consistency, another new root', 6, 13, { toRoot: rootOf(leaves.slice(0, 12)) }),
      consistent('consistency, backwards', 6, 13, { from: 13, to: 6 }),
      consistent('consistency, a hash too few', 6, 13, { path: proof.slice(0, -1) }),
      consistent('consistency, a hash too many', 6, 13, { path: [...proof, proof[0]] }),
      consistent('consistency, a hash changed', 6, 13, { path: proof.map((hash, i) => i === 1 ? flipped(hash) : hash) }),
      consistent('consistency, nothing to prove, and a hash', 8, 8, { path: [leaves[0]] }),
      consistent('consistency, one size, two roots', 8, 8, { toRoot: leaves[0] }),
      consistent('consistency from nothing, with a hash', 0, 5, { path: [leaves[0]] }),
      consistent('consistency from nothing, and its root is none', 0, 5, { fromRoot: leaves[0] }),
      consistent('consistency, no path', 6, 13, { path: [] }),
      ...[[0, 0], [0, 1], [0, 2], [1, 2], [0, 21], [3, 5], [3, 21], [6, 9], [10, 21], [1, 4096]].map(([from, to]) => ({ name: `cover of ${from} to ${to}`, kind: 'cover',
        from: `${from}`, to: `${to}`, cover: cover(from, to).map(([level, index]) => [`${level}`, `${index}`]) })),
    ],
  };
}

// ---- verifier keys ----

const log = makeKey('sharelog.example/log'), other = makeKey('other.example/log');
const witnesses = ['w1.example', 'w2.example', 'w3.example'].map((name) => makeKey(name, 4));
const typed = (type) => cat(Buffer.of(type), log.typed.subarray(1));
const vkey = (name, typed_, id = sha256(name, '\n', typed_).subarray(0, 4)) => `${name}+${hex(id)}+${typed_.toString('base64')}`;
const bad = (name, text) => ({ name, vkey: text, valid: false });

export const verifierKeys = () => ({
  about: 'Verifier keys (core/FORMAT.md, chapter 6): of which name, type (1 Ed25519, 4 cosignature) and public key; or none.',
  vectors: [
    ...[['the example of C2SP signed-note', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'], ['a log', log.vkey], ['a witness', witnesses[0].vkey],
      ['a name that is not ASCII', vkey('Kälte', typed(1))]].map(([name, text]) => {
      const [own, , key] = text.split('+'), bytes = Buffer.from(text.slice(text.indexOf('+', own.length + 1) + 1), 'base64');
      return key && { name, vkey: text, valid: true, key_name: own, type: `${bytes[0]}`, public_key: hex(bytes.subarray(1)) };
    }),
    bad('an id that is not its own', vkey(log.name, log.typed, other.id)),
    bad('an id in capitals', log.vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase())),
    bad('another type', vkey(log.name, typed(2))),
    bad('a key of 31 bytes', vkey(log.name, log.typed.subarray(0, 32))),
    bad('a key of 33 bytes', vkey(log.name, cat(log.typed, Buffer.of(0)))),
    bad('no name', vkey('', log.typed)),
    bad('a name with a space', vkey('a b', log.typed)),
    bad('a name with a no-break space', vkey('a\u00a0b', log.typed)),
    bad('a name with a control character', vkey('a\u0007', log.typed)),
    bad('a name with a C1 control character', vkey('a\u009b', log.typed)),
    bad('a name of 206 bytes', vkey('n'.repeat(206), log.typed)),
    bad('base64 without its padding', log.vkey.replace(/=+$/, '') + (log.vkey.endsWith('=') ? '' : '=')),
    bad('two parts', log.vkey.slice(log.vkey.indexOf('+') + 1)),
    bad('a space behind it', `${log.vkey} `),
    ...Object.entries(WEAK).map(([name, key]) => bad(`a public key that is no key: ${name}`, vkey(log.name, cat(Buffer.of(1), key)))),
    bad('nothing', ''),
  ],
});

// ---- notes ----

const SIZE = 21, ROOT = rootOf(leaves.slice(0, SIZE)), TEXT = checkpointText(log.name, SIZE, ROOT), GOOD = log.line(TEXT);
const cosigned = (...of) => of.map((witness) => witness.line(TEXT)).join('');
const accepted = (name, text, cosignatures = 0, more = {}) => ({ name, ...more, note: text, verdict: 'accepted', size: more.size ?? `${SIZE}`, root: hex(more.root ?? ROOT), cosignatures: `${cosignatures}` });
const refused = (name, rule, text, more = {}) => ({ name, ...more, note: text, verdict: 'refused', rule });
const signedText = (text) => note(text, log.line(text));
const bent = (line, at) => { // a bit of the signature's bytes turned
  const [dash, name, field] = line.trim().split(' '), bytes = Buffer.from(field, 'base64');
  bytes[at] ^= 1;
  return `${dash} ${name} ${bytes.toString('base64')}\n`;
};
const pqLine = (i) => `— pq${i}.example/mldsa ${Buffer.concat(Array.from({ length: 76 }, (_, k) => bytesOf(`pq ${i} ${k}`))).toString('base64')}\n`; // 2,432 bytes: id, time, 2,420
const EDGES = edges(bytesOf(`key ${log.name}`), TEXT), edge = (which) => `— ${log.name} ${cat(Buffer.from(log.id), EDGES[which]).toString('base64')}\n`;
const NOW = 1767225600, at = (time) => witnesses[0].line(TEXT, time); // 2026
const clock = (maxAge) => ({ witnesses: two.witnesses, quorum: 1, now: `${NOW}`, ...maxAge && { max_age: `${maxAge}` } });
const two = { witnesses: witnesses.map(({ vkey: key }) => key), quorum: 2 };

export const notes = () => ({
  about: 'Checkpoints, held against a policy (core/FORMAT.md, chapters 6 and 9): the log\'s verifier key, and where `witnesses` are given, how many of them must have signed (`quorum`); where `now` is, what time it is, and how old a cosignature may be (`max_age`), in seconds.',
  log: log.vkey,
  vectors: [
    accepted('signed', note(TEXT, GOOD)),
    accepted('the empty log', signedText(checkpointText(log.name, 0, sha256(''))), 0, { size: '0', root: sha256('') }),
    accepted('an extension line', signedText(`${TEXT}an extension\n`)),
    accepted('signed twice', note(TEXT, GOOD, GOOD)),
    accepted('another\'s signature before it', note(TEXT, other.line(TEXT), GOOD)),
    accepted('a signature of an unknown type before it', note(TEXT, '— someone.example AAAAAAA=\n', GOOD)),
    accepted('sixteen signatures of post-quantum keys', note(TEXT, ...Array.from({ length: 16 }, (_, i) => pqLine(i)), GOOD)),
    accepted('64 signatures', note(TEXT, ...Array.from({ length: 63 }, () => '— someone.example AAAAAAA=\n'), GOOD)),
    accepted('a key of the same name, another id', note(TEXT, makeKey(log.name, 1, bytesOf('second')).line(TEXT), GOOD)),
    accepted('Ed25519: R is the neutral element', note(TEXT, edge('neutral'))),
    refused('Ed25519: the neutral element, y written as p + 1', 'signature', note(TEXT, edge('neutralWide'))),
    refused('Ed25519: s is not below the group order', 'signature', note(TEXT, edge('beyond'))),
    refused('Ed25519: holds only where both sides are multiplied by 8', 'signature', note(TEXT, edge('torsion'))),
    accepted('witnesses that nobody asked for', note(TEXT, GOOD, cosigned(...witnesses))),
    accepted('two of three witnesses', note(TEXT, GOOD, cosigned(witnesses[0], witnesses[2])), 2, two),
    accepted('three of three witnesses', note(TEXT, cosigned(...witnesses), GOOD), 3, two),
    refused('one of three witnesses', 'quorum', note(TEXT, GOOD, cosigned(witnesses[1])), two),
    refused('one witness twice', 'quorum', note(TEXT, GOOD, cosigned(witnesses[1], witnesses[1])), two),
    refused('a cosignature of another text', 'cosignature', note(TEXT, GOOD, cosigned(witnesses[0]), witnesses[1].line(`${TEXT}more\n`)), two),
    refused('a cosignature whose time was changed', 'cosignature', note(TEXT, GOOD, cosigned(witnesses[0]), bent(witnesses[1].line(TEXT), 11)), two),
    refused('a cosignature that does not hold beside a good quorum', 'cosignature', note(TEXT, GOOD, cosigned(witnesses[0], witnesses[1]), bent(witnesses[2].line(TEXT), 40)), two),
    refused('a cosignature that does not hold, of a witness that is not needed', 'cosignature', note(TEXT, GOOD, bent(witnesses[2].line(TEXT), 40)), { ...two, quorum: 0 }),
    refused('a cosignature that holds beside one that does not', 'cosignature', note(TEXT, GOOD, cosigned(witnesses[0], witnesses[1]), bent(witnesses[1].line(TEXT), 40)), two),
    accepted('cosigned just now', note(TEXT, GOOD, at(NOW)), 1, clock()),
    accepted('cosigned a little ahead', note(TEXT, GOOD, at(NOW + 600)), 1, clock()),
    refused('cosigned in the future', 'quorum', note(TEXT, GOOD, at(NOW + 601)), clock()),
    refused('cosigned in the year 2200', 'quorum', note(TEXT, GOOD, at(7258118400)), clock()),
    refused('cosigned at no time', 'quorum', note(TEXT, GOOD, at(0)), clock()),
    refused('cosigned at no time, and no clock is there', 'quorum', note(TEXT, GOOD, at(0)), { ...two, quorum: 1 }),
    accepted('cosigned as long ago as may be', note(TEXT, GOOD, at(NOW - 86400)), 1, clock(86400)),
    refused('cosigned too long ago', 'quorum', note(TEXT, GOOD, at(NOW - 86401)), clock(86400)),
    accepted('cosigned long ago, and again just now', note(TEXT, GOOD, at(NOW - 86401), at(NOW)), 1, clock(86400)),
    accepted('cosigned long ago, which doesn\'t matter', note(TEXT, GOOD, at(1)), 1, clock()),
    refused('a witness that signs like a log', 'quorum', note(TEXT, GOOD, cosigned(witnesses[0]), makeKey(witnesses[1].name, 1).line(TEXT)), two),
    refused('signed by another log alone', 'signature', note(TEXT, other.line(TEXT))),
    refused('a bit of the signature turned', 'signature', note(TEXT, bent(GOOD, 30))),
    refused('one that holds beside one that does not', 'signature', note(TEXT, GOOD, bent(GOOD, 30))),
    refused('a bit of the key id turned', 'signature', note(TEXT, bent(GOOD, 0))),
    refused('a signature a byte too long', 'signature', note(TEXT, `— ${log.name} ${cat(log.sign(TEXT), Buffer.of(0)).toString('base64')}\n`)),
    refused('another size', 'signature', note(checkpointText(log.name, SIZE + 1, ROOT), GOOD)),
    refused('another root', 'signature', note(checkpointText(log.name, SIZE, flipped(ROOT)), GOOD)),
    refused('of another log, which signed it', 'origin', note(TEXT.replace(log.name, other.name), other.line(TEXT.replace(log.name, other.name)))),
    refused('of another log, signed by this one', 'origin', signedText(TEXT.replace(log.name, other.name))),
    refused('a size with a leading zero', 'checkpoint', signedText(TEXT.replace('\n21\n', '\n021\n'))),
    refused('a size with a sign', 'checkpoint', signedText(TEXT.replace('\n21\n', '\n+21\n'))),
    refused('a size beyond 64 bits', 'checkpoint', signedText(TEXT.replace('\n21\n', '\n18446744073709551616\n'))),
    refused('a root of 31 bytes', 'checkpoint', signedText(checkpointText(log.name, SIZE, ROOT.subarray(1)))),
    refused('a root that is not base64', 'checkpoint', signedText(TEXT.replace(/=\n$/, '\n'))),
    refused('two lines', 'checkpoint', signedText(`${log.name}\n21\n`)),
    refused('no origin', 'checkpoint', signedText(`\n21\n${ROOT.toString('base64')}\n`)),
    refused('no signature', 'note', `${TEXT}\n`),
    refused('no empty line', 'note', `${TEXT}${GOOD}`),
    refused('the last line not ended', 'note', note(TEXT, GOOD).slice(0, -1)),
    refused('a hyphen for the dash', 'note', note(TEXT, GOOD.replace('—', '-'))),
    refused('a signature that is not base64', 'note', note(TEXT, GOOD.replace(/\S\n$/, '!\n'))),
    refused('a signature of four bytes', 'note', note(TEXT, GOOD, '— someone.example AAAAAA==\n')),
    refused('a name with a plus', 'note', note(TEXT, GOOD, '— some+one AAAAAAA=\n')),
    refused('a carriage return', 'note', note(TEXT, GOOD).replaceAll('\n', '\r\n')),
    refused('a tab in the text', 'note', signedText(`${TEXT}a\tb\n`)),
    refused('65 signatures', 'note', note(TEXT, ...Array.from({ length: 65 }, () => GOOD))),
    refused('nothing', 'note', ''),
  ],
});
