// The proof that a log has two histories (core/FORMAT.md, chapter 9).
import { base64, same } from './bytes.mjs';
import { NOTE_BYTES } from './note.mjs';
import { logged } from './policy.mjs';
import { need, refuse } from './refused.mjs';
import { Edge, cover } from './tree.mjs';

const LOG = 1n << 62n;

/** The file's bytes, and the policy of the log; what it proves: { smaller, larger }, sizes. */
export function conflict(bytes, policy) {
  const rule = (holds, why) => need(holds, 'conflict', why);
  let rest = Buffer.from(bytes);
  const line = () => {
    const end = rest.indexOf('\n');
    rule(end >= 0, 'it ends too early');
    const text = rest.subarray(0, end).toString('latin1');
    rest = rest.subarray(end + 1);
    return text;
  };
  rule(rest.length <= 3 * NOTE_BYTES && line() === 'sharelog/conflict@v1', 'not the proof of a conflict');
  const first = /^smaller (.*)$/s.exec(line()), note = base64(first?.[1]), roots = [];
  rule(note && note.length <= NOTE_BYTES, 'no smaller checkpoint');
  for (let next; (next = line()) !== '';) roots.push(base64(next, 32) ?? refuse('conflict', 'not a root'));
  rule(rest.length > 0, 'no larger checkpoint');
  const smaller = logged(note, policy), larger = logged(rest, policy), said = { smaller: smaller.size, larger: larger.size };
  rule(smaller.origin === larger.origin && smaller.size <= larger.size && larger.size <= LOG, 'not two of one log, the smaller first');
  if (smaller.size === larger.size && !roots.length) return rule(!same(smaller.root, larger.root), 'they say the same'), said;
  const edge = new Edge(), before = cover(0n, smaller.size), behind = cover(smaller.size, larger.size);
  rule(roots.length > 0 && roots.length === before.length + behind.length, 'not as many roots as the covers have');
  const add = (subtrees, from) => subtrees.forEach(([level], i) => edge.add(level, roots[from + i]));
  add(before, 0);
  rule(!same(edge.root(), smaller.root), 'the larger grew out of the smaller');
  add(behind, before.length);
  rule(same(edge.root(), larger.root), 'not the roots of the larger');
  return said;
}
