import type { Logger } from './log.ts';

/** This many of each kind get a line of their own in a second; the others are counted. */
const linesPerSecond = 5;

const logs = new WeakMap<Logger, ReturnType<typeof create>>();

/**
 * Logs requests and connections that were refused: each of them while they are few, otherwise only how many; one such
 * log for each logger. A line for each of thousands a second would push everything else out of a rotated log: 4,000 a
 * second wrote 4 MB a second, with a stack each. There are few kinds, and each has lines of its own, so that a flood
 * of one does not hide another.
 */
export function turnedAwayLog(log: Logger): ReturnType<typeof create> {
  const known = logs.get(log);
  if (known !== undefined) return known;
  const made = create(log);
  logs.set(log, made);
  return made;
}

function create(log: Logger) {
  /** How many of each kind there have been in this second. */
  const counts = new Map<string, number>();

  function endSecond(): void {
    const more = [...counts].filter(([, count]) => count > linesPerSecond);
    counts.clear();
    if (more.length === 0) return;
    const turnedAway = Object.fromEntries(more.map(([kind, all]) => [kind, all - linesPerSecond]));
    log.warn({ turnedAway }, 'more was refused in a second than gets a line of its own');
  }

  return {
    /**
     * @param kind the kind by which they are counted: a status code, or a few words.
     * @param write writes the line for this one.
     */
    note(kind: string, write: () => void): void {
      if (counts.size === 0) setTimeout(endSecond, 1_000).unref();
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      if (count <= linesPerSecond) write();
    },
  };
}
