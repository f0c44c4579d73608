// The log as a server shows it: tiles and entries (core/FORMAT.md, chapter 6), and what holds across its headers (chapter 9).
import { same } from './bytes.mjs';
import { KINDS, header } from './event.mjs';
import { refuse } from './refused.mjs';
import { leafHash, rootOf } from './tree.mjs';

const need = (holds, why) => { if (!holds) throw new Error(why); };

const tilePath = (index) => {
  const digits = String(index), groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g);
  return groups.map((group, i) => i + 1 < groups.length ? `x${group}` : group).join('/');
};
const tileName = (index, width) => `${tilePath(index)}${width < 256 ? `.p/${width}` : ''}`;
const widths = (n) => Array.from({ length: Math.ceil(n / 256) }, (_, i) => Math.min(256, n - i * 256));

/** Every leaf hash of a log of a size, by its tiles; `get` fetches a path behind /log/. Upper levels must be made of the lower ones. */
export async function leaves(get, size) {
  let level = [], below = null;
  for (let l = 0, n = Number(size); n > 0; l++, n = Math.floor(n / 256)) {
    const hashes = [];
    for (const [i, width] of widths(n).entries()) {
      const tile = await get(`tile/${l}/${tileName(i, width)}`);
      need(tile.length === width * 32, 'a tile of another width');
      for (let k = 0; k < width; k++) hashes.push(tile.subarray(k * 32, k * 32 + 32));
    }
    if (below) hashes.forEach((hash, i) => need(same(hash, rootOf(below.slice(i * 256, i * 256 + 256))), `tile level ${l} is not made of the one below`));
    if (l === 0) level = hashes;
    below = hashes;
  }
  return level;
}

/** The leaves themselves. */
export async function entries(get, size) {
  const out = [];
  for (const [i, width] of widths(Number(size)).entries()) {
    const bytes = await get(`tile/entries/${tileName(i, width)}`);
    let at = 0;
    for (let k = 0; k < width; k++) { const n = bytes.readUInt16BE(at); out.push(bytes.subarray(at + 2, at += 2 + n)); }
    need(at === bytes.length, 'entries of another length');
  }
  return out;
}

const BACK_MS = 60000n;

/** Each share's headers follow each other: how many shares there are, and the positions of events that are dated before one in front of
 *  them, or later than the log can have had them (`latest`, in milliseconds). */
export function chains(headers, latest) {
  const back = [], ahead = [];
  let newest = 0n;
  const shares = new Map(), none = { sequence: 0n, leaf: Buffer.alloc(32), time: 0n, removed: false };
  headers.forEach((bytes, position) => {
    const own = header(bytes) ?? refuse('header', `position ${position}`), rule = (name, holds, why) => holds || refuse(name, `position ${position}: ${why}`);
    const ref = own.shareRef.toString('hex'), before = shares.get(ref) ?? none;
    rule('kind', KINDS[own.kind], 'not known');
    rule('kind', (own.sequence === 1n) === (own.kind === 0n), 'a creation that is not the first, or a first that is none');
    rule('sequence', own.sequence === before.sequence + 1n, 'events before it are missing, or twice there');
    rule('prev', same(own.prev, before.leaf), 'it does not name the one before it');
    rule('time', own.time >= before.time, 'it runs backwards');
    rule('kind', before.removed === (KINDS[own.kind] === 'allow'), 'after the removal, or it allows what was not removed');
    if (latest !== undefined && own.time > latest) ahead.push(position);
    else if (own.time + BACK_MS < newest) back.push(position);
    else if (own.time > newest) newest = own.time;
    shares.set(ref, { sequence: own.sequence, leaf: leafHash(bytes), time: own.time, removed: before.removed || KINDS[own.kind] === 'remove' });
  });
  return { shares: shares.size, back, ahead };
}
