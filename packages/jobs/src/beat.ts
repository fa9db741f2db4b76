import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { type Beat, judgeBeat } from './restored.ts';

export interface BeatOptions {
  readonly db: Database;
  /** Reads the newest beat that Redis has seen; undefined if there is none. */
  readonly readMark: () => Promise<Beat | undefined>;
  readonly writeMark: (beat: Beat) => Promise<void>;
  /** Called when this Postgres was restored, with the reason; all jobs are paused by then. */
  readonly onRestored: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

export interface BeatKeeper {
  readonly loop: Loop;
  /** Does a round now, for a claim that was refused without one. Calls at the same time share a round. */
  look(): Promise<void>;
}

/** The pause between rounds, in milliseconds: there are six beats within the time after which claims are refused. */
const intervalMs = 10_000;

/** No new beat is needed if another worker's is at most this many seconds old. */
const freshSeconds = 8;

// The UPDATE requires the beat that was judged, so that two workers do not write the same one. If the database was
// restored, the same commit pauses all jobs and counts on from what Redis has seen, so that one resume is enough.
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

/** The row that holds the beat is missing; the migration makes it. */
export class BeatMissing extends Error {
  readonly code = 'beat-missing';
  constructor() {
    super('kasabi.beat has no row, so no job may start: INSERT INTO kasabi.beat DEFAULT VALUES.');
  }
}

/**
 * Keeps the beat of Postgres, which reveals a database that was restored from a backup: its newest beat is older than
 * the one that Redis or this process has seen. Then all jobs are paused until somebody resumes them. Claims are refused
 * while the newest beat is old, so that nothing starts before a worker has checked.
 */
export function createBeat(options: BeatOptions): BeatKeeper {
  const { db } = options;
  /** Kept here as well, in case Redis loses its data. */
  let remembered: Beat | undefined;
  let looking: Promise<void> | undefined;

  async function beat(): Promise<void> {
    // Read first: if it is the same database, Postgres then has everything that Redis has seen.
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
