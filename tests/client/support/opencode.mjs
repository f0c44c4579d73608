// The real client: homes of its own, its headless server, and its export and import commands.
import fs from 'node:fs';
import path from 'node:path';
import { run as runProgram, start, stop, untilPrinted } from './process.mjs';

/** A git project with one commit; the client shows a turn's diffs only inside a repository. */
export async function makeProject(folder, env) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'list.txt'), 'one\ntwo\nthree\n');
  const settings = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
  for (const args of [['init', '-q'], ['add', '.'], [...settings, 'commit', '-q', '-m', 'start']]) {
    const git = await runProgram('git', args, { cwd: folder, env });
    if (git.exit.code !== 0) throw new Error(`git ${args.join(' ')}: ${git.stderr}`);
  }
}

/**
 * A home: all that one installation of the client keeps, under `folder`, with a project in it. Nothing of the
 * user's own reaches the client, and nothing but loopback can be reached by it.
 */
export async function openHome(binary, folder, { provider, share, enterprise }) {
  const at = (name) => path.join(folder, name);
  const nowhere = 'http://127.0.0.1:9'; // the discard port: what is sent through this proxy goes nowhere
  const env = {
    PATH: process.env.PATH, LANG: 'C.UTF-8', TMPDIR: at('tmp'),
    HOME: at('home'), XDG_DATA_HOME: at('data'), XDG_CONFIG_HOME: at('config'), XDG_STATE_HOME: at('state'), XDG_CACHE_HOME: at('cache'),
    HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere, all_proxy: nowhere,
    NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1',
    GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null',
    OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1', OPENCODE_PURE: '1', OPENCODE_DISABLE_PROJECT_CONFIG: '1',
    OPENCODE_MODELS_PATH: at('models.json'),
  };
  for (const name of ['tmp', 'home', 'data', 'config/opencode', 'state', 'cache']) fs.mkdirSync(at(name), { recursive: true });
  fs.writeFileSync(at('models.json'), '{}');
  fs.writeFileSync(at('config/opencode/opencode.json'), JSON.stringify({
    autoupdate: false, lsp: false, formatter: false, share, enterprise: enterprise ? { url: enterprise } : undefined,
    enabled_providers: ['fake'], model: 'fake/fake-1', small_model: 'fake/fake-1',
    permission: { edit: 'allow', bash: 'allow' },
    provider: {
      fake: {
        npm: '@ai-sdk/openai-compatible', name: 'Fake', options: { baseURL: provider, apiKey: 'none' },
        models: { 'fake-1': { name: 'Fake One', reasoning: true, tool_call: true, limit: { context: 1_000_000, output: 32_000 } } },
      },
    },
  }));
  await makeProject(at('project'), env);

  let server = null, url = null;
  const client = (args, options) => runProgram(binary, args, { cwd: at('project'), env, ...options });

  const self = {
    project: at('project'),

    /** Start `opencode serve` in the project. */
    async serve() {
      server = start(binary, ['serve', '--port', '0', '--hostname', '127.0.0.1'], { cwd: at('project'), env });
      url = (await untilPrinted(server, /listening on (http:\/\/\S+)/))[1];
    },

    async stop() {
      await stop(server);
      server = null;
    },

    /** One request to the client's own server; its JSON answer. Anything but a 2xx is an error. */
    async ask(method, where, body) {
      const answer = await fetch(url + where, {
        method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body), signal: AbortSignal.timeout(600_000),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text.slice(0, 500)}`);
      return text === '' ? null : JSON.parse(text);
    },

    newSession: () => self.ask('POST', '/session', {}),
    session: (id) => self.ask('GET', `/session/${id}`),
    share: (id) => self.ask('POST', `/session/${id}/share`),
    unshare: (id) => self.ask('DELETE', `/session/${id}/share`),
    prompt: (id, text) => self.ask('POST', `/session/${id}/message`, {
      model: { providerID: 'fake', modelID: 'fake-1' }, parts: [{ type: 'text', text }],
    }),

    /** `opencode run TEXT`: a session of one prompt, from the command line. */
    run: (text) => client(['run', text]),

    /** `opencode export ID` into a file, whose name is returned: into a pipe the client cuts it short. */
    async export(id) {
      const file = path.join(at('tmp'), `export-${id}.json`);
      const out = fs.openSync(file, 'w');
      try {
        const { exit, stderr } = await client(['export', id], { stdout: out });
        if (exit.code !== 0) throw new Error(`opencode export: ${JSON.stringify(exit)} ${stderr}`);
      } finally {
        fs.closeSync(out);
      }
      return file;
    },

    /** `opencode import WHAT`, a file or a share's URL: what it printed. Its status says nothing: 0 on failure too. */
    async import(what) {
      const { stdout, stderr } = await client(['import', what]);
      return stdout + stderr;
    },
  };
  return self;
}

/** An exported session in the shape that the views in sharelog.mjs give too. */
export function exported(file) {
  const { info, messages } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const parts = messages.flatMap((message) => message.parts);
  return {
    session: [info],
    messages: Object.fromEntries(messages.map((message) => [message.info.id, message.info])),
    parts: Object.fromEntries(parts.map((part) => [part.id, part])),
    counts: [messages.length, parts.length],
  };
}
