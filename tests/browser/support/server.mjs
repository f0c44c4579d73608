// The server under test, what is played into it, and clients that the tests play themselves.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start, stop, untilPrinted } from '../../client/support/process.mjs';

const { SL_BIN, SL_SCRATCH } = process.env;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHARELOG_|SESSIONS_)/.test(name)));
const folder = fileURLToPath(new URL('../../captures', import.meta.url));

/** The names of the captures, without their ending. */
export const captures = fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -6));

/** The requests of a capture. */
export const requests = (name) => fs.readFileSync(path.join(folder, `${name}.jsonl`), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

/** The batches that a capture sends to the share it creates first. */
export function batches(name) {
  const [first, ...rest] = requests(name);
  const sync = rest.filter(({ method, path: where }) => method === 'POST' && where.endsWith('/sync'));
  return sync.filter(({ path: where }) => where === sync[0].path).map(({ body }) => body.data);
}

/** Start a server on a data directory of the scratch folder. */
export async function openServer(name, ...options) {
  const data = path.join(SL_SCRATCH, name);
  const server = { url: '', data };
  let self;
  const begin = async (listen) => {
    self = start(SL_BIN, ['serve', '--data', data, '--listen', listen, ...options], { env });
    [, server.url] = await untilPrinted(self, /^listening on (http:\/\/\S+)$/m);
  };
  server.stop = () => stop(self);
  server.kill = async () => {
    self.kill('SIGKILL');
    await self.ended;
  };
  /** Again, where it was. */
  server.restart = () => begin(new URL(server.url).host);
  server.command = async (...args) => {
    const { exit, stdout, stderr } = await run(SL_BIN, [...args, '--data', data], { env });
    if (exit.code !== 0) throw new Error(`sharelog ${args.join(' ')}: ${exit.code} ${stderr}`);
    return stdout;
  };
  /** Play a capture as fast as it goes; gives the ids of the shares that it made. */
  server.send = async (capture) => {
    const { urls } = JSON.parse(await server.command('send', path.join(folder, `${capture}.jsonl`), '--speed', 'max', '--json'));
    return urls.map((url) => url.split('/').pop());
  };
  await begin('127.0.0.1:0');
  return server;
}

async function post(server, where, body) {
  const answer = await fetch(server.url + where, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(600_000),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`POST ${where}: ${answer.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

let shares = 0;

/** A client: a new share, and a way to send batches to it. */
export async function openClient(server) {
  const sessionID = `ses_browser${String(++shares).padStart(4, '0')}${Math.random().toString(36).slice(2, 10).padEnd(8, 'x')}`;
  const { id, secret } = await post(server, '/api/share', { sessionID });
  return {
    id, sessionID, page: `/share/${id}`,
    sync: async (data) => (await post(server, `/api/share/${id}/sync`, { secret, data })).seq,
    async remove() {
      const answer = await fetch(`${server.url}/api/share/${id}`, {
        method: 'DELETE', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ secret }), signal: AbortSignal.timeout(600_000),
      });
      if (answer.status !== 200) throw new Error(`DELETE: ${answer.status}`);
    },
  };
}

/** GET a path of the server: {status, type, text}. */
export async function get(server, where, headers = {}) {
  const answer = await fetch(server.url + where, { headers, redirect: 'manual', signal: AbortSignal.timeout(600_000) });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

export async function getJSON(server, where) {
  const { status, text } = await get(server, where);
  if (status !== 200) throw new Error(`GET ${where}: ${status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
