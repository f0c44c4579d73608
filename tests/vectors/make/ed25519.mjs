// Signatures at the edges of Ed25519 (RFC 8032), on which verifiers are known to differ. For nothing else: it hides no secret from who measures its time.
import crypto from 'node:crypto';

const P = (1n << 255n) - 19n, L = (1n << 252n) + 27742317777372353535851937790883648493n;
const mod = (a, m = P) => (a % m + m) % m;
const power = (a, e) => { let out = 1n; for (let b = mod(a); e; e >>= 1n, b = mod(b * b)) if (e & 1n) out = mod(out * b); return out; };
const inverse = (a) => power(a, P - 2n), D = mod(-121665n * inverse(121666n));

const number = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const little = (n) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse();

// A point is [X, Y, Z, T]: x = X / Z, y = Y / Z, xy = T / Z.
const point = (x, y) => [x, y, 1n, mod(x * y)];
const add = ([x1, y1, z1, t1], [x2, y2, z2, t2]) => {
  const a = (y1 - x1) * (y2 - x2), b = (y1 + x1) * (y2 + x2), c = 2n * D * t1 * t2, d = 2n * z1 * z2, [e, f, g, h] = [b - a, d - c, d + c, b + a].map((n) => mod(n));
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
};
const times = (n, one) => { let out = point(0n, 1n); for (let at = one; n; n >>= 1n, at = add(at, at)) if (n & 1n) out = add(out, at); return out; };
const encode = ([x, y, z]) => { const i = inverse(z); return little(mod(y * i) | (mod(x * i) & 1n) << 255n); };
const xOf = (y) => { // of the two the even one
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n)), x = power(square, (P + 3n) / 8n), root = mod(x * x) === square ? x : mod(x * power(2n, (P - 1n) / 4n));
  return root & 1n ? P - root : root;
};
const onCurve = (y) => point(xOf(y), y), BASE = onCurve(mod(4n * inverse(5n)));
const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n; // y of a point of order 8

if (!encode(times(8n, onCurve(EIGHTH))).equals(little(1n)) || encode(times(4n, onCurve(EIGHTH))).equals(little(1n))) throw new Error('not of order 8');

/** Signatures of a text by the key of a seed: by the book, and what is not quite. */
export function edges(seed, text) {
  const half = crypto.createHash('sha512').update(seed).digest(), clamped = Buffer.from(half.subarray(0, 32));
  clamped[0] &= 248;
  clamped[31] = clamped[31] & 127 | 64;
  const secret = number(clamped), own = encode(times(secret, BASE)), message = Buffer.from(text);
  const hash = (...pieces) => mod(number(pieces.reduce((h, piece) => h.update(piece), crypto.createHash('sha512')).digest()), L);
  const sign = (r, R) => Buffer.concat([R, little(mod(r + hash(R, own, message) * secret, L))]);
  const r = hash(half.subarray(32), message), book = sign(r, encode(times(r, BASE)));
  const beyond = Buffer.concat([book.subarray(0, 32), little(number(book.subarray(32)) + L)]);
  return { book, beyond, // s + L in the place of s
    neutral: sign(0n, little(1n)), neutralWide: sign(0n, little(P + 1n)), // R the neutral element, and y beyond P
    torsion: sign(r, encode(add(times(r, BASE), onCurve(EIGHTH)))) }; // R with a point of order 8 added: holds where a verifier multiplies by 8
}

/** Encodings of points of small order, and those whose y is P or more: keys that nobody may have. */
export const WEAK = { neutral: little(1n), 'order 2': little(P - 1n), 'order 4': little(0n), 'order 8': little(EIGHTH), 'order 8, the other sign': little(EIGHTH | 1n << 255n), 'y of P + 1': little(P + 1n),
  'y of 2^255 - 1': little((1n << 255n) - 1n) };
