// Makes the vectors of this folder anew, all but store.json: node tests/vectors/make.mjs [FOLDER]
// Every byte follows from the words here: keys, salts and nonces are SHA-256 of names, times are fixed. So two runs give the same
// files, and `make test-verifier` fails where a file is not what this makes. Nothing of core/ or tests/verifier/ is used: what these
// files say was written from core/FORMAT.md a third time.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers } from './make/answers.mjs';
import { bundles } from './make/bundles.mjs';
import { chains } from './make/chains.mjs';
import { bodies, headers, itemKeys, manifests, shareRefs } from './make/events.mjs';
import { forgeries } from './make/forged.mjs';
import { heads } from './make/heads.mjs';
import { notes, trees, verifierKeys } from './make/notes.mjs';
import { conflicts, policies } from './make/policies.mjs';

const FILES = {
  'answer.json': answers, 'body.json': bodies, 'bundle.json': bundles, 'chain.json': chains, 'conflict.json': conflicts, 'forged.json': forgeries,
  'head.json': heads, 'header.json': headers, 'item_key.json': itemKeys, 'manifest.json': manifests, 'note.json': notes, 'policy.json': policies,
  'share_ref.json': shareRefs, 'tree.json': trees, 'verifier_key.json': verifierKeys,
};

/** One vector a line. */
export function text(file) {
  const list = (values) => `[\n${values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')}\n  ]`;
  const members = Object.entries(file).map(([name, value]) => `  ${JSON.stringify(name)}: ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`);
  return `{\n${members.join(',\n')}\n}\n`;
}

/** What each file has to say: [name, text]. */
export const files = () => Object.entries(FILES).map(([name, make]) => [name, text(make())]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? path.dirname(fileURLToPath(import.meta.url));
  for (const [name, words] of files()) fs.writeFileSync(path.join(folder, name), words);
}
