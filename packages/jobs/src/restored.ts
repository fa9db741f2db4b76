import type { Database } from '@kasabi/postgres';

/** A beat: its number, and its time in milliseconds since the epoch, by Postgres's clock. */
export interface Beat {
  readonly beats: number;
  readonly at: number;
}

/** While the newest beat is older than this, in seconds, claims are refused. */
export const staleAfterSeconds = 60;

/**
 * A standby that takes over may be this many seconds and beats behind, and still counts as the same database.
 */
const tolerance = { seconds: 60, beats: 8 } as const;

const time = (sql: string): string =>
  `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

const seen = 'to_timestamp($2::float8 / 1000)';
const older = (newest: string): string =>
  `format('This Postgres is older than the data in Redis: %s, but Redis has seen one from %s.', ${newest}, ${time(seen)})`;

/**
 * A SQL query for the one row of `kasabi.beat`; `restored` says why this database must have been restored, or is NULL.
 * `$1` and `$2` are the newest beat that is known elsewhere, or both NULL.
 *
 * Beats have a number, because a clock may be set back, and a time, because a few beats may be a long time if no worker
 * was running. A dump that was loaded elsewhere is recognised by the database that its beat was written in.
 */
export const judgeBeat = `
  SELECT b.beats, b.at, here.cluster, here.database,
         CASE
           WHEN b.vouched THEN NULL
           WHEN b.beats = 0 THEN
             CASE WHEN $1::bigint IS NOT NULL AND EXISTS (SELECT FROM kasabi.job) THEN ${older("'it has no beat yet'")} END
           WHEN b.database <> here.database OR (b.cluster <> here.cluster AND '' NOT IN (b.cluster, here.cluster))
             THEN format('This Postgres is a copy of another one: its newest beat, from %s, was written in database %s of cluster %s, and this is database %s of cluster %s.',
                         ${time('b.at')}, b.database, b.cluster, here.database, here.cluster)
           WHEN $1 IS NULL THEN
             CASE WHEN b.at < clock_timestamp() - interval '${staleAfterSeconds} seconds' THEN
               format('Redis has not seen this Postgres, whose newest beat is from %s: either this Postgres was restored from a backup, or Redis lost its data while no worker was running.', ${time('b.at')}) END
           WHEN $1 > b.beats AND (
               $1 - b.beats > ${tolerance.beats}
               OR abs(extract(epoch FROM ${seen} - b.at)) > ${tolerance.seconds})
             THEN ${older(`'its newest beat is from ' || ${time('b.at')}`)}
         END AS restored
  FROM kasabi.beat b, (
    SELECT kasabi.cluster() AS cluster,
           (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AS database
  ) AS here`;

/**
 * Says why this Postgres must have been restored from a backup, in a sentence for operators; undefined if there is no
 * sign of that. Changes nothing.
 *
 * @param known the newest beat that Redis has seen; read it before calling this.
 */
export async function readRestored(
  db: Database,
  known: Beat | undefined,
): Promise<string | undefined> {
  const { rows } = await db.query<{ restored: string | null }>({
    name: 'read-restored',
    text: `SELECT restored FROM (${judgeBeat}) AS judged`,
    values: [known?.beats ?? null, known?.at ?? null],
  });
  return rows[0]?.restored ?? undefined;
}
