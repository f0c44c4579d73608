// Can two things that one log signed both be true? (core/FORMAT.md, chapter 9)
import { same } from './bytes.mjs';
import { originOf } from './note.mjs';

/** What a statement says, as evidence: places are { sequence, position, leaf (null: not told) }, in order. */
export const ofStatement = ({ origin, id, ref, first, last, sequence, leaf, size }) => ({ origin, id, ref,
  places: [...(sequence > 1n ? [{ sequence: 1n, position: first, leaf: null }] : []), { sequence, position: last, leaf }], end: { sequence, size } });
/** What a verified bundle says (bundle.mjs). */
export const ofBundle = ({ origin, id, ref, places, logSize, root, statement }) => ({ origin, id, ref, places, checkpoint: { size: logSize, root },
  end: statement?.holds ? { sequence: statement.sequence, size: statement.size } : undefined });
/** What a verified checkpoint says (note.mjs). */
export const ofCheckpoint = (bytes, { size, root }) => ({ origin: originOf(bytes), places: [], checkpoint: { size, root } });

/** The rule by which two of one share don't fit: every event of the one against every one of the other. */
function oneShare(a, b) {
  const bySequence = new Map(b.places.map((place) => [place.sequence, place]));
  for (const own of a.places) {
    const other = bySequence.get(own.sequence);
    if (other && (own.position !== other.position || (own.leaf && other.leaf && !same(own.leaf, other.leaf)))) return 'event';
  }
  for (const own of a.places) for (const other of b.places) {
    const [before, behind] = own.sequence < other.sequence ? [own, other] : [other, own];
    if (behind.position - before.position < behind.sequence - before.sequence) return 'order';
  }
  const leavesOut = ({ end }, { places }) => end && places.some(({ sequence, position }) => sequence > end.sequence && position < end.size);
  return leavesOut(a, b) || leavesOut(b, a) ? 'left-out' : null;
}

/** The first rule by which they contradict each other; null: none shows. */
export function contradiction(a, b) {
  if (a.origin !== b.origin) return null;
  if (a.checkpoint && b.checkpoint && a.checkpoint.size === b.checkpoint.size && !same(a.checkpoint.root, b.checkpoint.root)) return 'root';
  if (!a.places.length || !b.places.length) return null;
  const oneRef = same(a.ref, b.ref);
  if (a.id && b.id && (a.id === b.id) !== oneRef) return 'share';
  if (oneRef) return oneShare(a, b);
  const positions = new Set(a.places.map(({ position }) => position));
  return b.places.some(({ position }) => positions.has(position)) ? 'position' : null;
}
