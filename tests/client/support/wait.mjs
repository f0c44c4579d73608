// Bounded waits: nothing in these tests sleeps for a fixed time and then hopes. The bounds are minutes: a busy machine is no fault.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Ask `probe` again and again until it gives something true, and return that. A probe that throws counts as
 * "not yet"; after timeout_ms its last error or answer is in the message of the error that is thrown.
 */
export async function until(what, probe, timeout_ms = 600_000) {
  const deadline = Date.now() + timeout_ms;
  for (;;) {
    let seen;
    try {
      const answer = await probe();
      if (answer) return answer;
      seen = `last answer: ${answer}`;
    } catch (error) {
      seen = `last error: ${error.message}`;
    }
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${timeout_ms / 1000} s (${seen})`);
    await pause(50);
  }
}

/**
 * Pause until nothing has been added to `list` for quiet_ms. The client sends one second after a change, so two
 * seconds of silence mean that it has said what it had to say.
 */
export async function untilQuiet(what, list, quiet_ms = 2_000, timeout_ms = 600_000) {
  let length = list.length, since = Date.now();
  await until(what, () => {
    if (list.length !== length) [length, since] = [list.length, Date.now()];
    return Date.now() - since >= quiet_ms;
  }, timeout_ms);
}
