// The log's tree (core/FORMAT.md, chapter 6).
import { same, sha256 } from './bytes.mjs';
import { need } from './refused.mjs';

export const leafHash = (header) => sha256(Buffer.of(0), header);
export const join = (left, right) => sha256(Buffer.of(1), left, right);
const EMPTY = sha256('');

/** The root of a list of leaf hashes, by its definition. */
export function rootOf(leaves) {
  if (leaves.length === 0) return EMPTY;
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return join(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

export function included(leaf, index, size, path, root) {
  if (index >= size) return false;
  let at = index, last = size - 1n, hash = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      hash = join(sibling, hash);
      while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else {
      hash = join(hash, sibling);
    }
    at >>= 1n; last >>= 1n;
  }
  return last === 0n && same(hash, root);
}

export function consistent(from, fromRoot, to, toRoot, path) {
  if (from > to) return false;
  if (from === to) return path.length === 0 && same(fromRoot, toRoot);
  if (from === 0n) return path.length === 0 && same(fromRoot, EMPTY);
  const rest = from & (from - 1n) ? [...path] : [fromRoot, ...path];
  if (rest.length === 0) return false;
  let old = rest.shift(), now = old, at = from - 1n, last = to - 1n;
  while (at & 1n) { at >>= 1n; last >>= 1n; }
  for (const hash of rest) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      old = join(hash, old);
      now = join(hash, now);
      while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else {
      now = join(now, hash);
    }
    at >>= 1n; last >>= 1n;
  }
  return last === 0n && same(old, fromRoot) && same(now, toRoot);
}

/** The fewest complete subtrees that [from, to) is made of: [level, index], left to right. */
export function cover(from, to) {
  const out = [];
  for (let at = from; at < to;) {
    let level = 0n;
    while (!(at >> level & 1n) && to - at >= 1n << (level + 1n)) level++;
    out.push([level, at >> level]);
    at += 1n << level;
  }
  return out;
}

/** Subtrees put together from the left. */
export class Edge {
  size = 0n;
  roots = []; // [level, hash], falling levels

  add(level, hash) {
    this.size += 1n << level;
    while (this.roots.length && this.roots.at(-1)[0] === level) {
      hash = join(this.roots.pop()[1], hash);
      level++;
    }
    this.roots.push([level, hash]);
  }

  /** Up to a place, by the roots of the cover in between. */
  fill(to, gap) {
    const subtrees = cover(this.size, to);
    need(gap.length === subtrees.length * 32, 'gap', `${gap.length} bytes, where ${subtrees.length} roots belong`);
    subtrees.forEach(([level], i) => this.add(level, gap.subarray(i * 32, i * 32 + 32)));
  }

  root() {
    return this.roots.length ? this.roots.map(([, hash]) => hash).reduceRight((right, left) => join(left, right)) : EMPTY;
  }
}
