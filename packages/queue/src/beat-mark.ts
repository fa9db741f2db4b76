import { KEY_PREFIX } from './names.ts';
import type { RedisConnection } from './open.ts';

const key = `${KEY_PREFIX}:beat`;

/** The newest beat of Postgres that Redis has seen. */
export interface BeatMark {
  /** How many beats there had been by then. */
  readonly beats: number;
  /** When it happened, by Postgres's clock, in milliseconds since the epoch. */
  readonly at: number;
}

/** Redis's copy of the newest beat it has seen, which a restored Postgres does not know about. */
export function createBeatMarkStore(redis: RedisConnection) {
  return {
    /** Undefined when Redis has none: it is new, or has lost its data. */
    async readMark(): Promise<BeatMark | undefined> {
      const [, beats, at] = /^(\d+) (\d+)$/.exec((await redis.get(key)) ?? '') ?? [];
      return beats === undefined ? undefined : { beats: Number(beats), at: Number(at) };
    },
    async writeMark({ beats, at }: BeatMark): Promise<void> {
      await redis.set(key, `${beats} ${Math.round(at)}`);
    },
  };
}
