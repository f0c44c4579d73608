// Headers of a log in the order of their positions.
import { bytesOf, hex, leafHash, pack } from './encode.mjs';

const TIME = 1700000000000n, LATEST = TIME + 3600000n, ZERO = Buffer.alloc(32);

/** Events [share, kind, more]: each continues its share, but for what `more` says otherwise. */
function headers(...events) {
  const last = new Map();
  return events.map(([share, kind, more = {}], position) => {
    if (more.bytes) return hex(more.bytes);
    const before = last.get(share) ?? { sequence: 0, leaf: ZERO };
    const own = { sequence: before.sequence + 1, time: TIME + BigInt(position), prev: before.leaf, ...more };
    const bytes = pack([1, kind, bytesOf(`share ${share}`), own.sequence, own.time, own.prev, bytesOf(`manifest ${position}`)]);
    last.set(share, { sequence: own.sequence, leaf: leafHash(bytes) });
    return hex(bytes);
  });
}
const holds = (name, shares, events, { back = [], ahead = [] } = {}) => ({ name, headers: headers(...events), latest: `${LATEST}`, verdict: 'accepted', shares: `${shares}`, back: back.map(String), ahead: ahead.map(String) });
const refused = (name, rule, ...events) => ({ name, headers: headers(...events), latest: `${LATEST}`, verdict: 'refused', rule });
const A = ['a', 0], A2 = ['a', 1], B = ['b', 0], GONE = ['a', 2], ALLOW = ['a', 4];
const at = (share, time) => [share, 0, { time }];

export const chains = () => ({
  about: 'The headers of a log from its first event on (core/FORMAT.md, chapter 9): of how many shares they are, and the positions of those that are dated back, or ahead of `latest` (milliseconds); or the rule that does not hold.',
  vectors: [
    holds('nothing', 0, []),
    holds('one share', 1, [A, A2, A2]),
    holds('two in turns', 2, [A, B, A2, ['b', 1], A2]),
    holds('redacted, removed, allowed twice', 1, [A, A2, ['a', 3], GONE, ALLOW, ALLOW]),
    holds('times that stand still', 2, [at('a', TIME), at('b', TIME)]),
    holds('a minute back', 2, [at('a', TIME + 60000n), at('b', TIME)]),
    holds('more than a minute back', 2, [at('a', TIME + 60001n), at('b', TIME)], { back: [1] }),
    holds('ten years back, between two', 3, [at('a', TIME), at('b', TIME - 315360000000n), at('c', TIME + 5n)], { back: [1] }),
    holds('a thousand years ahead, between two', 3, [at('a', TIME), at('b', TIME + 31536000000000n), at('c', TIME + 5n)], { ahead: [1] }),
    holds('as late as may be, and later', 2, [at('a', LATEST), at('b', LATEST + 1n)], { ahead: [1] }),
    refused('no header', 'header', A, ['a', 1, { bytes: Buffer.from('no') }]),
    refused('sequence 0', 'header', ['a', 0, { sequence: 0 }]),
    refused('a kind that nobody knows', 'kind', A, ['a', 5]),
    refused('a first that is no creation', 'kind', A2),
    refused('a second creation', 'kind', A, A),
    refused('a creation again', 'sequence', A, ['a', 0, { sequence: 1, prev: ZERO }]),
    refused('an event is missing', 'sequence', A, ['a', 1, { sequence: 3 }]),
    refused('its beginning is missing', 'sequence', ['a', 1, { sequence: 4 }]),
    refused('two of one sequence', 'sequence', A, A2, ['a', 1, { sequence: 2 }]),
    refused('a prev before the first', 'prev', ['a', 0, { prev: bytesOf('x') }]),
    refused('another prev', 'prev', A, ['a', 1, { prev: bytesOf('x') }]),
    refused('the prev of another share', 'prev', A, B, ['a', 1, { prev: leafHash(Buffer.from(headers(A, B)[1], 'hex')) }]),
    refused('time runs backwards', 'time', A, ['a', 1, { time: TIME - 1n }]),
    refused('a sync after the removal', 'kind', A, GONE, A2),
    refused('removed twice', 'kind', A, GONE, GONE),
    refused('an allowance of what was not removed', 'kind', A, ALLOW),
  ],
});
