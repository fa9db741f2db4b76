import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { type Beat, judgeBeat } from './restored.ts';

export interface BeatOptions {
  readonly db: Database;
  /** The newest beat that Redis has seen; undefined when it has none. */
  readonly readMark: () => Promise<Beat | undefined>;
  readonly writeMark: (beat: Beat) => Promise<void>;
  /** Told why this Postgres is not the one it was; everything is paused by then. */
  readonly onRestored: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

export interface BeatKeeper {
  readonly loop: Loop;
  /** Does a round at once, for a claim that was refused for want of it; one for all who ask meanwhile. */
  look(): Promise<void>;
}

/** The pause between rounds, in milliseconds: six beats within the time after which claims refuse. */
const intervalMs = 10_000;

/** Another worker's beat within so many seconds will do. */
const freshSeconds = 8;

// Nobody beats twice: what was judged must still be there. In the same commit all jobs are paused if the
// database was restored, and what was seen has been taken account of, so that a resume is the end of it.
const text = `
  WITH judged AS (${judgeBeat}
  ), beaten AS (
    UPDATE kasabi.beat b
    SET beats = greatest(judged.beats, $1::bigint) + 1, at = clock_timestamp(),
        cluster = judged.cluster, database = judged.database, vouched = false
    FROM judged
    WHERE b.beats = judged.beats
      AND (judged.restored IS NOT NULL OR b.vouched
           OR b.at NOT BETWEEN clock_timestamp() - interval '${freshSeconds} seconds'
                           AND clock_timestamp() + interval '1 second')
    RETURNING b.beats, b.at, judged.restored
  ), stopped AS (
    INSERT INTO kasabi.pause AS present (dataset_id, reason, paused_by)
    SELECT NULL, restored, 'relay' FROM beaten WHERE restored IS NOT NULL
    ON CONFLICT ON CONSTRAINT one_pause_of_each DO UPDATE
    SET paused_by = excluded.paused_by,
        reason = excluded.reason || format(' It was paused before, by %s%s.', present.paused_by,
                                           coalesce(': ' || present.reason, ''))
  )
  SELECT coalesce(beaten.beats, judged.beats) AS beats,
         (extract(epoch FROM coalesce(beaten.at, judged.at)) * 1000)::float8 AS at,
         beaten.beats IS NOT NULL AS beaten, beaten.restored
  FROM judged LEFT JOIN beaten ON true`;

interface Row extends Beat {
  readonly beaten: boolean;
  readonly restored: string | null;
}

/** The row that the beat is kept in is missing; the migration makes it. */
export class BeatMissing extends Error {
  readonly code = 'beat-missing';
  constructor() {
    super(
      'kasabi.beat has no row, so that no job may start: INSERT INTO kasabi.beat DEFAULT VALUES.',
    );
  }
}

/**
 * Keeps the beat of Postgres, by which a database that was restored from a backup is known: its newest beat is
 * older than the one that Redis has seen, or that this process has. Then all jobs are paused until somebody
 * resumes them. Claims refuse while the newest beat is old, so that nothing starts before one has looked.
 */
export function createBeat(options: BeatOptions): BeatKeeper {
  const { db } = options;
  /** Outlives a Redis that loses its data. */
  let remembered: Beat | undefined;
  let looking: Promise<void> | undefined;

  async function beat(): Promise<void> {
    // First: what Redis has seen of the same database, Postgres then has, too.
    const mark = await options.readMark();
    const known = (mark?.beats ?? -1) > (remembered?.beats ?? -1) ? mark : remembered;
    const { rows } = await db.query<Row>({
      name: 'beat',
      text,
      values: [known?.beats ?? null, known?.at ?? null],
    });
    const [row] = rows;
    if (row === undefined) throw new BeatMissing();
    const { beats, at } = row;
    remembered = { beats, at };
    if (row.restored !== null) options.onRestored(row.restored);
    if (row.beaten) await options.writeMark(remembered);
  }

  function look(): Promise<void> {
    looking ??= beat().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    look,
    loop: createLoop({ name: 'beat', intervalMs, runOnce: look, onError: options.onError }),
  };
}
