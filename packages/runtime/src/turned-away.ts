import type { Logger } from './log.ts';

/** So many of a kind have a line each in a second; the others are counted. */
const linesPerSecond = 5;

/** Logs what was turned away: each while they are few, and how many of each kind when they are not. */
export interface TurnedAwayLog {
  /**
   * @param kind what they are counted by: a status code, or a few words.
   * @param write writes the line of this one.
   */
  note(kind: string, write: () => void): void;
}

const logs = new WeakMap<Logger, TurnedAwayLog>();

/**
 * The one of a logger. A line for each of thousands a second would push everything else out of a log that
 * is rotated: 4,000 a second wrote 4 MB a second, with a stack each. Kinds are few, and each has its lines, so
 * that a flood of one hides no other.
 */
export function turnedAwayLog(log: Logger): TurnedAwayLog {
  const known = logs.get(log);
  if (known !== undefined) return known;
  const made = create(log);
  logs.set(log, made);
  return made;
}

function create(log: Logger): TurnedAwayLog {
  /** How many of each kind there were in this second. */
  const counts = new Map<string, number>();

  function endSecond(): void {
    const more = [...counts].filter(([, count]) => count > linesPerSecond);
    counts.clear();
    if (more.length === 0) return;
    const turnedAway = Object.fromEntries(more.map(([kind, all]) => [kind, all - linesPerSecond]));
    log.warn({ turnedAway }, 'more was turned away in a second than has a line each');
  }

  return {
    note(kind, write) {
      if (counts.size === 0) setTimeout(endSecond, 1_000).unref();
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      if (count <= linesPerSecond) write();
    },
  };
}
