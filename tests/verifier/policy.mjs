// Policies: as a text (C2SP tlog-policy) or as parts, and checkpoints held against them (core/FORMAT.md, chapter 9).
import { isUtf8 } from './bytes.mjs';
import { anyKey, checkpointText, isCosigner, isLog, note, signedBy } from './note.mjs';
import { need, refuse } from './refused.mjs';

/** A field's bytes are UTF-8 where they are a key. */
const keyOf = (field) => {
  const bytes = Buffer.from(field, 'latin1');
  return isUtf8(bytes) ? anyKey(bytes.toString()) : null;
};
const AHEAD_S = 600n, MOST = 64;

class Policy {
  logs = [];
  nodes = []; // { name, key } of a witness, { name, need, members } of a group; members before their group
  quorum = undefined; // a node, null: none is needed

  taken(keys, key) { return keys.some((other) => other.material === key.material); }

  log(key) {
    need(key && !isCosigner(key) && this.logs.length < MOST && !this.taken(this.logs, key), 'policy', 'not a log, or one too many');
    this.logs.push(key);
  }

  witness(name, key) {
    const witnesses = this.nodes.filter((node) => node.key).map((node) => node.key);
    need(key && !isLog(key) && witnesses.length < MOST && !this.taken(witnesses, key), 'policy', 'not a witness, or one too many');
    this.add({ name, key });
  }

  group(name, threshold, names) {
    const members = names.map((member) => this.node(member)), all = threshold === 'all' ? members.length : threshold === 'any' ? 1 : null;
    need(members.every((node, i) => node && !node.grouped && members.indexOf(node) === i) && members.length > 0, 'policy', 'not members');
    need(all !== null || /^(0|[1-9][0-9]{0,19})$/.test(threshold ?? ''), 'policy', 'not a number of members');
    const least = all ?? Number(threshold);
    need(least >= 1 && least <= members.length, 'policy', 'not between 1 and members');
    members.forEach((node) => { node.grouped = true; });
    this.add({ name, need: least, members });
  }

  node(name) { return this.nodes.find((node) => node.name === name); }

  add(node) {
    need(node.name && node.name !== 'none' && !this.node(node.name) && this.nodes.length < 2 * MOST, 'policy', 'not a new name');
    this.nodes.push(node);
  }

  line(words) {
    const [word, ...rest] = words, count = (least, most) => need(rest.length >= least && rest.length <= most, 'policy', 'not as many fields');
    if (word === undefined || word.startsWith('#')) return undefined;
    if (word === 'log') return count(1, 2), this.log(keyOf(rest[0]));
    if (word === 'witness') return count(2, 3), this.witness(rest[0], keyOf(rest[1]));
    if (word === 'group') return this.group(rest[0], rest[1], rest.slice(2));
    need(word === 'quorum' && this.quorum === undefined, 'policy', 'no such line, or a second quorum');
    count(1, 1);
    this.quorum = rest[0] === 'none' ? null : this.node(rest[0]) ?? refuse('policy', 'a quorum that is not defined');
    return undefined;
  }
}

/** A policy's text, its bytes as they are; refused by the rule `policy`. Names are bytes, and are compared as such. */
export function parsePolicy(bytes) {
  const text = Buffer.from(bytes).toString('latin1'), own = new Policy(), lines = text.split('\n');
  need(text.length <= 64 * 1024 && !/[\0-\x08\x0b-\x1f\x7f]/.test(text) && lines.pop() === '', 'policy', 'a control character, or a last line that is not ended');
  for (const line of lines) own.line(line.split(/[ \t]+/).filter((word) => word !== ''));
  need(own.quorum !== undefined, 'policy', 'no quorum');
  return own;
}

/** Of parts: the log's key as text, or { log, witnesses: [key], quorum: how many }. */
function ofParts(parts) {
  const { log, witnesses = [], quorum = 0 } = typeof parts === 'string' ? { log: parts } : parts, own = new Policy();
  own.log(anyKey(log));
  witnesses.forEach((key, i) => own.witness(`${i}`, anyKey(key)));
  own.quorum = null;
  if (quorum > 0) {
    own.group('quorum', `${quorum}`, witnesses.map((_, i) => `${i}`));
    own.quorum = own.node('quorum');
  }
  return own;
}

const counts = (time, { now, maxAge }) => time > 0n && (now === undefined || (time <= BigInt(now) + AHEAD_S && (!maxAge || time >= BigInt(now) - BigInt(maxAge))));

/** A checkpoint's text, signed by a log of a policy, with nothing spoiled; and the note. */
export function logged(bytes, policy) {
  const own = policy instanceof Policy ? policy : policy.policy ?? ofParts(policy);
  const signed = note(Buffer.from(bytes)), said = checkpointText(signed.text), logs = own.logs.filter(({ name }) => name === said.origin);
  need(logs.length > 0, 'origin', `of ${said.origin}`);
  const found = own.logs.map((key) => signedBy(signed, key));
  need(found.every(({ any, holds }) => holds || !any) && own.logs.some(({ name }, i) => name === said.origin && found[i].holds), 'signature', 'not signed by the log');
  const cosigned = new Map(own.nodes.filter(({ key }) => key).map((node) => [node, signedBy(signed, node.key)]));
  for (const { any, holds } of cosigned.values()) need(holds || !any, 'cosignature', 'a witness\'s does not hold');
  return { ...said, own, cosigned };
}

/** A checkpoint that a policy accepts: a parsed one, { policy, now, maxAge } (seconds), or parts. */
export function checkpoint(bytes, policy) {
  const { size, root, own, cosigned } = logged(bytes, policy), clock = policy.now === undefined ? {} : policy;
  const holding = new Set([...cosigned].filter(([, { holds, time }]) => holds && counts(time, clock)).map(([node]) => node)), cosignatures = holding.size;
  const oldest = [...holding].map((node) => cosigned.get(node).time).reduce((least, time) => least === null || time < least ? time : least, null);
  for (const node of own.nodes) if (node.members && node.members.filter((member) => holding.has(member)).length >= node.need) holding.add(node);
  need(own.quorum === null || holding.has(own.quorum), 'quorum', `${cosignatures} witnesses signed`);
  return { size, root, cosignatures, oldest };
}
