import { type Dataset, quadsTable } from '@kasabi/datasets';
import { rescue } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import pg from 'pg';
import { type Change, changeLogDdl, type Row } from './change-log.ts';

/** How a run begins. */
export interface Setup {
  /** Due jobs, unless they have a time to wait, in the order in which they were asked for. */
  readonly jobs: readonly { readonly dueInMinutes?: number }[];
  /** The dataset is still locked by a job that has failed: what a restored backup can leave. */
  readonly abandonedLock?: boolean;
}

/** The committed state, and what is locked. */
export interface Observation {
  /** The changes that were committed since the last one. */
  readonly changes: readonly Change[];
  readonly jobs: readonly Row[];
  readonly dataset: Row;
  /** Two runs that come to the same text have come to the same state of the database. */
  readonly text: string;
}

/** A database with one dataset that is set up anew for each run. */
export interface Laboratory {
  readonly fixture: Fixture;
  readonly dataset: Dataset;
  readonly table: string;
  reset(setup: Setup): Promise<void>;
  observe(nameOf: (pid: number) => string | undefined): Promise<Observation>;
  /** The processes that wait for a lock. */
  waiting(): Promise<ReadonlySet<number>>;
  /** Lets all leases expire and the rescuer run. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

export const jobId = (index: number): string => `01900000-0000-7000-8000-00000000000${index + 1}`;
const lostJob = '01800000-0000-7000-8000-000000000000';

export async function openLaboratory(): Promise<Laboratory> {
  const fixture = await createFixture();
  const dataset = await fixture.addDataset('explored');
  const table = quadsTable(dataset.id);
  await fixture.admin.query(changeLogDdl(table));
  const client = new pg.Client({ connectionString: fixture.database.url });
  await client.connect();
  const locksOf = (strength: string) => `
    SELECT 'job' AS of, id::text FROM kasabi.job ORDER BY id FOR ${strength} SKIP LOCKED;
    SELECT 'dataset' AS of, id::text FROM kasabi.dataset FOR ${strength} SKIP LOCKED`;
  let resets = 0;

  return {
    ...{ fixture, dataset, table },
    async reset({ jobs, abandonedLock = false }) {
      resets += 1;
      // Without it each reset leaves dead rows that the next run's statements have to step over.
      if (resets % 100 === 0) {
        await client.query('VACUUM kasabi.job, kasabi.dataset, kasabi.job_transition');
        await client.query(`VACUUM explorer.change, kasabi.pause, ${table}`);
      }
      const values = jobs.map(
        ({ dueInMinutes: due = -30 }, index) =>
          `('${jobId(index)}', ${dataset.id}, 'reset', now() - interval '1 hour',
            now() + interval '${due + index} min', now() + interval '${due + index} min', 1)`,
      );
      await client.query(`
        DELETE FROM kasabi.job_transition; DELETE FROM kasabi.pause; DELETE FROM kasabi.job;
        DELETE FROM kasabi.operator_action;
        UPDATE kasabi.dataset SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL,
               lock_digest = NULL, fence = 0, status = 'draft', published = NULL;
        DELETE FROM ${table}; INSERT INTO ${table} VALUES ('old', 'p', 'o');
        INSERT INTO kasabi.job (id, dataset_id, type, created, start_time, due, requested_by)
        VALUES ${values.join()};
        ${
          abandonedLock
            ? `INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, end_time, message,
                                       requested_by)
               VALUES ('${lostJob}', ${dataset.id}, 'reset', 'failed', now() - interval '2 hours',
                       now() - interval '2 hours', now() - interval '2 hours', now(), 'lost', 1);
               UPDATE kasabi.dataset SET storage_mode = 'read-only', locked_by = '${lostJob}',
                      locked_at = now(), lock_digest = sha256('lost'), fence = 7;`
            : ''
        }
        DELETE FROM explorer.change`);
    },
    async observe(nameOf) {
      // The weaker strength first: a lock of one's own is in nobody's own way.
      const results = (await client.query(`
        DELETE FROM explorer.change
        RETURNING seq::int, transaction::text, session, began, "of", verb, before, after;
        SELECT id, status, attempt, lost, lease_holder, lease_expires < now() AS expired,
               due <= now() AS is_due, fence::int, reason, busy_since IS NOT NULL AS busy
        FROM kasabi.job ORDER BY id;
        SELECT storage_mode, locked_by, fence::int FROM kasabi.dataset;
        SELECT count(*)::int FROM kasabi.pause;
        SELECT pid, locktype, mode, classid, relation::regclass::text FROM pg_locks
        WHERE pid <> pg_backend_pid() AND granted AND (
          locktype = 'advisory' OR relation IN ('${table}'::regclass, 'kasabi.pause'::regclass))
        ORDER BY pid, locktype, mode, classid, relation;
        SELECT explorer.subjects();
        ${locksOf('SHARE')}; ${locksOf('NO KEY UPDATE')}`)) as unknown as pg.QueryResult[];
      const [changes, jobs, row, pauses, locks, quads, ...free] = results.map((it) => it.rows);
      const held = locks
        ?.map(({ pid, ...lock }) => [nameOf(pid), lock])
        .filter(([name]) => name !== undefined)
        .map((lock) => JSON.stringify(lock))
        .sort();
      return {
        changes: (changes as Change[]).sort((a, b) => a.seq - b.seq),
        jobs: jobs as Row[],
        dataset: row?.[0] as Row,
        text: JSON.stringify([jobs, row, pauses, held, quads, free]),
      };
    },
    async waiting() {
      const { rows } = await client.query<{ pid: number }>({
        name: 'waiting',
        text: 'SELECT pid FROM pg_locks WHERE NOT granted',
      });
      return new Set(rows.map(({ pid }) => pid));
    },
    async recover() {
      await client.query(
        "UPDATE kasabi.job SET lease_expires = now() - interval '1 s' WHERE status = 'running'",
      );
      await rescue(fixture.worker, { maxAttempts: 5, limit: 100 });
    },
    async close() {
      await client.end();
      await fixture.close();
    },
  };
}
