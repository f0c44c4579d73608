// Child processes that never outlive the tests: each leads a process group of its own, and whatever is left is
// killed when node ends, however it ends (but by SIGKILL).
import { spawn } from 'node:child_process';
import { until } from './wait.mjs';

const running = new Set();

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

process.on('exit', () => running.forEach((child) => killGroup(child, 'SIGKILL')));
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) process.on(signal, () => process.exit(status));

/**
 * Start a program. The result has stdout and stderr as they grow (stdout not when options.stdout is a file
 * descriptor that takes it) and `ended`, a promise of {code, signal}.
 */
export function start(program, args, { cwd, env, stdout = 'pipe' } = {}) {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', stdout, 'pipe'] });
  const self = { name: `${program.split('/').pop()} ${args[0] ?? ''}`, stdout: '', stderr: '', exit: null };
  child.stdout?.setEncoding('utf8').on('data', (text) => (self.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (self.stderr += text));
  running.add(child);
  self.ended = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve((self.exit = { code, signal }));
    });
  });
  self.ended.catch((error) => (self.exit = { error }));
  self.kill = (signal) => killGroup(child, signal);
  return self;
}

/** Run a program to its end. The result is what start gives, with `exit` filled in; only being late is an error. */
export async function run(program, args, options = {}, timeout_ms = 600_000) {
  const self = start(program, args, options);
  const late = setTimeout(() => self.kill('SIGKILL'), timeout_ms);
  const { signal } = await self.ended;
  clearTimeout(late);
  if (signal === 'SIGKILL') throw new Error(`${self.name}: not done within ${timeout_ms / 1000} s\n${self.stderr}`);
  return self;
}

/** Wait until a started program has printed what `pattern` matches, and return the match. */
export async function untilPrinted(self, pattern, timeout_ms = 600_000) {
  await until(`${self.name} prints ${pattern}`, () => self.exit || pattern.test(self.stdout), timeout_ms);
  const found = self.stdout.match(pattern);
  if (!found) throw new Error(`${self.name} ended, ${JSON.stringify(self.exit)}, without printing ${pattern}\n${self.stdout}${self.stderr}`);
  return found;
}

/** Ask a started program to stop and return {code, signal}; one that doesn't within timeout_ms is killed. */
export async function stop(self, timeout_ms = 600_000) {
  if (!self || self.exit) return self?.exit;
  self.kill('SIGTERM');
  const late = setTimeout(() => self.kill('SIGKILL'), timeout_ms);
  const exit = await self.ended;
  clearTimeout(late);
  return exit;
}
