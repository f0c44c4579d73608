// JSON with every value's own text: what JSON.parse doesn't tell, and commitments are made of. Duplicate names stay.
import { refuse } from './refused.mjs';

const SPACE = /[ \t\n\r]*/y, SCALAR = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const DEPTH = 1024;

class Parser {
  constructor(text) { Object.assign(this, { text, at: 0 }); }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found?.[0];
  }
  /** The next character but white space, if it is that one. */
  is(character) {
    this.match(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  scalar() {
    this.match(SPACE);
    const raw = this.match(SCALAR) ?? refuse('json', `no value at ${this.at}`);
    if (raw[0] === '"') return { kind: 'string', raw, text: JSON.parse(raw) };
    return { kind: /[a-z]/.test(raw[0]) ? raw : 'number', raw };
  }

  list(closer, depth, read) {
    const out = [];
    if (depth > DEPTH) refuse('json', 'nested too deep');
    if (this.is(closer)) return out;
    do out.push(read(depth)); while (this.is(','));
    if (!this.is(closer)) refuse('json', `no ${closer} at ${this.at}`);
    return out;
  }
  member(depth) {
    const name = this.scalar();
    if (name.kind !== 'string' || !this.is(':')) refuse('json', `no name at ${this.at}`);
    return [name, this.value(depth)];
  }
  value(depth) {
    this.match(SPACE);
    const from = this.at, rest = (parts) => ({ ...parts, raw: this.text.slice(from, this.at) });
    if (this.is('{')) return rest({ kind: 'object', members: this.list('}', depth + 1, (inner) => this.member(inner)) });
    if (this.is('[')) return rest({ kind: 'array', elements: this.list(']', depth + 1, (inner) => this.value(inner)) });
    return this.scalar();
  }
}

/** One value: { kind, raw, and text, members or elements }. */
export function parse(text) {
  const parser = new Parser(text), value = parser.value(0);
  parser.match(SPACE);
  return parser.at === text.length ? value : refuse('json', 'something follows');
}
