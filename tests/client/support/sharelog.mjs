// The server under test, and what it says about a share.
import { run, start, stop, untilPrinted } from './process.mjs';

/** The environment for sharelog: ours, without what would give it other keys or addresses than its own. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHARELOG_|SESSIONS_)/.test(name)));
}

/** `sharelog COMMAND … --data DIR` to its end. */
export function sharelog(binary, data, ...command) {
  return run(binary, [...command, '--data', data], { env: environment() });
}

/** Start a server on the data directory; `url` is where it answers. */
export async function openServer(binary, data) {
  const self = start(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { env: environment() });
  const [, url] = await untilPrinted(self, /^listening on (http:\/\/\S+)$/m);
  return { url, stop: () => stop(self), stderr: () => self.stderr, async kill() {
    self.kill('SIGKILL');
    await self.ended;
  } };
}

const byID = (list) => Object.fromEntries(list.map((item) => [item.id, item]));

/** GET a path of the server: {status, text, json}. */
export async function get(url, path) {
  const answer = await fetch(url + path, { signal: AbortSignal.timeout(600_000) });
  const text = await answer.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {}
  return { status: answer.status, text, json };
}

async function getJSON(url, path) {
  const { status, text, json } = await get(url, path);
  if (status !== 200 || json === null) throw new Error(`GET ${path}: ${status} ${text.slice(0, 200)}`);
  return json;
}

/** A share as /api/share/ID/data has it, in the shape that `exported` in opencode.mjs gives too. */
export async function dataView(url, id) {
  const items = await getJSON(url, `/api/share/${id}/data`);
  const of = (type) => items.filter((item) => item.type === type).map((item) => item.data);
  const [messages, parts] = [of('message'), of('part')];
  return { session: of('session'), messages: byID(messages), parts: byID(parts), counts: [messages.length, parts.length] };
}

/** The same of /api/share/ID, the AgentSession. */
export async function agentView(url, id) {
  const { session, messages, parts } = await getJSON(url, `/api/share/${id}`);
  return { session: [session], messages: byID(messages), parts: byID(parts), counts: [messages.length, parts.length] };
}
