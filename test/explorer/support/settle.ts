import type { Laboratory } from './laboratory.ts';
import type { Session } from './session.ts';

/** How long to wait for a statement before asking whether it waits for a lock, in milliseconds. */
const patienceMs = 3;

/**
 * Waits until every session has stopped before a statement, waits for a lock that another one holds, or has
 * ended. Nothing changes any more then before one of them is told to go on.
 */
export async function settle(sessions: readonly Session[], laboratory: Laboratory): Promise<void> {
  const moving = (): Session[] => sessions.filter((it) => it.state === 'running');
  for (let under = moving(); under.length > 0; under = moving()) {
    const changes = under.map((it) => it.changed());
    if (await soon(changes)) continue;
    const sent = under.filter((it) => it.inFlight);
    if (sent.length < under.length) {
      // One of them does something else than a statement, which is done by itself.
      continue;
    }
    const waiting = await laboratory.waiting();
    // One that was granted its lock meanwhile is in flight and waits for none: it is looked at again.
    if (!sent.every((it) => waiting.has(it.pid))) continue;
    if (moving().length < under.length) continue;
    for (const session of sent) session.noteWait();
    return;
  }
}

/** True when one of them happens within moments. */
async function soon(changes: readonly Promise<void>[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false);
  });
  try {
    return await Promise.race([late, ...changes.map((it) => it.then(() => true as const))]);
  } finally {
    clearTimeout(timer);
  }
}
