import { KEY_PREFIX } from './names.ts';
import type { RedisConnection } from './open.ts';
import { untaggedBeat } from './untagged.ts';

const key = `${KEY_PREFIX}:beat`;

/** The newest beat of Postgres that Redis has seen. */
export interface BeatMark {
  /** How many beats there had been by then. */
  readonly beats: number;
  /** When it happened, by Postgres's clock, in milliseconds since the epoch. */
  readonly at: number;
}

function parseMark(text: string | null): BeatMark | undefined {
  const [, beats, at] = /^(\d+) (\d+)$/.exec(text ?? '') ?? [];
  return beats === undefined ? undefined : { beats: Number(beats), at: Number(at) };
}

/** Redis's copy of the newest beat it has seen, which a restored Postgres does not know about. */
export function createBeatMarkStore(redis: RedisConnection) {
  return {
    /** Undefined when Redis has none: it is new, or has lost its data. */
    async readMark(): Promise<BeatMark | undefined> {
      // During an upgrade both versions keep one.
      const [own, ofBefore] = (await Promise.all([redis.get(key), redis.get(untaggedBeat)])).map(
        parseMark,
      );
      return (ofBefore?.beats ?? -1) > (own?.beats ?? -1) ? ofBefore : own;
    },
    async writeMark({ beats, at }: BeatMark): Promise<void> {
      await redis.set(key, `${beats} ${Math.round(at)}`);
    },
  };
}
