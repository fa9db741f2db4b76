import type { RecordStatus } from '@kasabi/domain';

// A prepared statement keeps its plan until there are new statistics. While a table fills quickly, and at the first
// rush of a day, these say that hardly any job is scheduled. For a record with a given id Postgres then chose to go
// through all scheduled ones: a claim read every due job, twice. A test checks the plans on a database without
// statistics.

/** SQL to check the status of a record whose id is given, written so that no partial index matches it. */
export const hasStatus = (job: string, status: RecordStatus): string =>
  `${job}.status || '' = '${status}'`;

/**
 * SQL for the rows of arrays, to join and look up one by one. `count` is the parameter with their number, for LIMIT:
 * Postgres expects an unknown LIMIT to leave a tenth of the rows, which for an array means one.
 */
export const given = (arrays: string, columns: string, count: string): string =>
  `(SELECT * FROM unnest(${arrays}) AS each (${columns}) LIMIT ${count}) AS given`;
