import type { RecordStatus } from '@kasabi/domain';

// A prepared statement keeps its plan until the statistics are made anew, and these say of a table that
// fills quickly, or of a day's first rush, that hardly any job is scheduled. For a record whose id is given
// Postgres then chose to walk along all that are: a claim read every job that was due, twice. A test looks
// at the plans of a database without any statistics.

/** That a record has this status, as SQL, for a record whose id is given: out of sight of partial indexes. */
export const hasStatus = (job: string, status: RecordStatus): string =>
  `${job}.status || '' = '${status}'`;

/**
 * Rows of arrays to look up one by one, as SQL to join: `count` is the parameter with their length, as
 * LIMIT. Postgres takes an unknown LIMIT for a tenth of the rows, which of an array is one.
 */
export const given = (arrays: string, columns: string, count: string): string =>
  `(SELECT * FROM unnest(${arrays}) AS each (${columns}) LIMIT ${count}) AS given`;
