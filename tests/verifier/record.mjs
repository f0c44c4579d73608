// Records (core/FORMAT.md, chapter 1): read strictly, each value in its smallest encoding; and written.
import { be } from './bytes.mjs';
import { need, refuse } from './refused.mjs';

const shape = (holds, why) => need(holds, 'encoding', why);

export class Reader {
  constructor(bytes, at = 0, end = bytes.length) { Object.assign(this, { bytes, at, end }); }

  take(length) {
    shape(length <= this.end - this.at, 'it ends in the middle');
    return this.bytes.subarray(this.at, this.at += length);
  }
  peek() {
    shape(this.at < this.end, 'it ends in the middle');
    return this.bytes[this.at];
  }
  /** The number of `bytes` bytes behind the first one, which no shorter encoding has. */
  wide(bytes, least) {
    const number = this.take(1 + bytes).subarray(1).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    shape(number >= BigInt(least), 'not in its smallest encoding');
    return number;
  }
  get isNil() { return this.peek() === 0xc0; }
  get isNumber() { return this.peek() < 0x80 || (this.peek() >= 0xcc && this.peek() <= 0xcf); }
  get isBin() { return this.peek() >= 0xc4 && this.peek() <= 0xc6; }
  get atEnd() { return this.at === this.end; }

  nil() { shape(this.isNil, 'not a nil'); this.take(1); }
  number() {
    const first = this.peek();
    if (first < 0x80) return BigInt(this.take(1)[0]);
    switch (first) {
    case 0xcc: return this.wide(1, 0x80);
    case 0xcd: return this.wide(2, 0x100);
    case 0xce: return this.wide(4, 0x10000);
    case 0xcf: return this.wide(8, 0x100000000n);
    default: return refuse('encoding', 'not a number');
    }
  }
  array() {
    const first = this.peek();
    if ((first & 0xf0) === 0x90) return this.take(1)[0] & 15;
    if (first === 0xdc) return Number(this.wide(2, 16));
    if (first === 0xdd) return Number(this.wide(4, 0x10000));
    return refuse('encoding', 'not an array');
  }
  /** An array of just so many. */
  arrayOf(count) { shape(this.array() === count, `not an array of ${count}`); }
  limited(length, most) {
    shape(length <= most, 'longer than it may be');
    return this.take(Number(length));
  }
  str(most) {
    const first = this.peek();
    if ((first & 0xe0) === 0xa0) return this.limited(this.take(1)[0] & 31, most);
    if (first === 0xd9) return this.limited(this.wide(1, 32), most);
    if (first === 0xda) return this.limited(this.wide(2, 0x100), most);
    if (first === 0xdb) return this.limited(this.wide(4, 0x10000), most);
    return refuse('encoding', 'not a str');
  }
  bin(most = 2 ** 32) {
    switch (this.peek()) {
    case 0xc4: return this.limited(this.wide(1, 0), most);
    case 0xc5: return this.limited(this.wide(2, 0x100), most);
    case 0xc6: return this.limited(this.wide(4, 0x10000), most);
    default: return refuse('encoding', 'not a bin');
    }
  }
  binOf(length) {
    const bytes = this.bin(length);
    shape(bytes.length === length, 'shorter than it must be');
    return bytes;
  }
}

// ---- written ----

/** A first byte, which says in how many bytes the number behind it is, and the number. */
const headed = (number, tags) => {
  const i = [0x100n, 0x10000n, 1n << 32n, 1n << 64n].findIndex((limit) => BigInt(number) < limit);
  return Buffer.concat([Buffer.of(tags[i]), be(number, 1 << i)]);
};
export const packNumber = (n) => BigInt(n) < 128n ? Buffer.of(Number(n)) : headed(n, [0xcc, 0xcd, 0xce, 0xcf]);
export const packArray = (n) => n < 16 ? Buffer.of(0x90 | n) : n < 0x10000
  ? Buffer.concat([Buffer.of(0xdc), be(n, 2)]) : Buffer.concat([Buffer.of(0xdd), be(n, 4)]);
export const packStr = (bytes) => Buffer.concat([bytes.length < 32 ? Buffer.of(0xa0 | bytes.length) : headed(bytes.length, [0xd9, 0xda, 0xdb]), bytes]);
export const packBin = (bytes) => Buffer.concat([headed(bytes.length, [0xc4, 0xc5, 0xc6]), bytes]);
