import { randomUUID } from 'node:crypto';
import { DatasetBusy, lockDataset, quadsTable, unlockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Fixture } from './fixture.ts';

export const isolationLevels = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;
export type IsolationLevel = (typeof isolationLevels)[number];

/** A lock as a job would hold it. */
export interface HeldLock {
  readonly datasetId: number;
  readonly jobId: string;
  readonly fence: number;
  readonly secret: string;
}

/** Locks a dataset for a job that there need not be. */
export async function lock(pool: pg.Pool, datasetId: number, timeoutMs = 5_000): Promise<HeldLock> {
  const jobId = randomUUID();
  const taken = await withTransaction(pool, (client) =>
    lockDataset(client, { datasetId, jobId, timeoutMs }),
  );
  return { datasetId, jobId, ...taken };
}

export const unlock = (pool: pg.Pool, held: HeldLock): Promise<void> => unlockDataset(pool, held);

/** Runs `work` on a connection of its own and closes it. */
export async function onConnection<T>(
  fixture: Fixture,
  work: (client: pg.Client) => Promise<T>,
  options: { readonly setup?: string } = {},
): Promise<T> {
  const client = new pg.Client({ connectionString: fixture.database.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    if (options.setup !== undefined) await client.query(options.setup);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The SQLSTATE, or the code of our own error, that a step ends with; `ok` when it succeeds. */
export async function stateOf(statement: Promise<unknown>): Promise<string> {
  try {
    await statement;
    return 'ok';
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code !== undefined) return error.code;
    if (error instanceof DatasetBusy) return error.code;
    throw error;
  }
}

/** COPY ... FROM STDIN of these lines into a dataset's table. */
export function copyInto(
  client: pg.ClientBase,
  datasetId: number,
  subjects: readonly string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(`COPY ${quadsTable(datasetId)} FROM STDIN`));
    stream.on('error', reject);
    stream.on('finish', resolve);
    stream.end(subjects.map((subject) => `${subject}\tp\to\t\n`).join(''));
  });
}

/** Ways to write a dataset's table, by name; each changes a row if there is one. */
export function writes(
  datasetId: number,
): Readonly<Record<string, (client: pg.ClientBase) => Promise<unknown>>> {
  const table = quadsTable(datasetId);
  const sql = (text: string) => (client: pg.ClientBase) => client.query(text);
  const row = "('s', 'p', 'o', '')";
  return {
    INSERT: sql(`INSERT INTO ${table} VALUES ${row}`),
    'INSERT ... SELECT': sql(`INSERT INTO ${table} SELECT * FROM ${table} LIMIT 1`),
    'INSERT of no row': sql(`INSERT INTO ${table} SELECT * FROM ${table} WHERE false`),
    'INSERT ... ON CONFLICT': sql(`INSERT INTO ${table} VALUES ${row} ON CONFLICT DO NOTHING`),
    UPDATE: sql(`UPDATE ${table} SET object = 'other'`),
    'UPDATE of no row': sql(`UPDATE ${table} SET object = 'other' WHERE false`),
    DELETE: sql(`DELETE FROM ${table}`),
    'DELETE ... RETURNING': sql(`DELETE FROM ${table} RETURNING *`),
    TRUNCATE: sql(`TRUNCATE ${table}`),
    'TRUNCATE ONLY ... CASCADE': sql(`TRUNCATE ONLY ${table} RESTART IDENTITY CASCADE`),
    COPY: (client) => copyInto(client, datasetId, ['s']),
    'MERGE that inserts': sql(
      `MERGE INTO ${table} t USING (VALUES (1)) AS one (n) ON false
       WHEN NOT MATCHED THEN INSERT VALUES ${row}`,
    ),
    'MERGE that updates and deletes': sql(
      `MERGE INTO ${table} t USING (VALUES (1)) AS one (n) ON true
       WHEN MATCHED AND t.object = 'x' THEN DELETE WHEN MATCHED THEN UPDATE SET object = 'other'`,
    ),
    'a writable CTE': sql(
      `WITH gone AS (DELETE FROM ${table} RETURNING *) SELECT count(*) FROM gone`,
    ),
    'a prepared statement': (client) =>
      client.query({
        name: 'write',
        text: `INSERT INTO ${table} VALUES ($1, 'p', 'o', '')`,
        values: ['s'],
      }),
    'a function': sql(
      `DO $$ BEGIN EXECUTE 'INSERT INTO ${table} VALUES (''s'', ''p'', ''o'')'; END $$`,
    ),
  };
}
