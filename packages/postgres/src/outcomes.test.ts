// What the migration makes of the records that the version before has left.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { migrationsFolder } from './migrations.ts';

let database: TestDatabase;
let pool: pg.Pool;

/** One part of the migration of that number. */
function part(number: string, of: 'Up' | 'Down'): string {
  const file = readdirSync(migrationsFolder).find((name) => name.startsWith(number)) ?? '';
  const [, up = '', down = ''] = readFileSync(path.join(migrationsFolder, file), 'utf8').split(
    /^-- (?:Up|Down) Migration$/m,
  );
  return of === 'Up' ? up : down;
}

const ids = {
  byOwner: '01a20884-0000-7000-8000-000000000001',
  byOperator: '01a20884-0000-7000-8000-000000000002',
  lost: '01a20884-0000-7000-8000-000000000003',
  busy: '01a20884-0000-7000-8000-000000000004',
  error: '01a20884-0000-7000-8000-000000000005',
  unknown: '01a20884-0000-7000-8000-000000000006',
  repetition: '01a20884-0000-7000-8000-000000000007',
} as const;

before(async () => {
  database = await createDatabase();
  pool = database.pool();
});

after(() => database.close());

/** Statuses, reasons and repetitions, by the names above. */
async function records(columns: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>(
    `SELECT id, ${columns} FROM kasabi.job ORDER BY id`,
  );
  const names = new Map(Object.entries(ids).map(([name, id]) => [id as string, name]));
  return Object.fromEntries(
    rows.map(({ id, ...rest }) => [names.get(String(id)), Object.values(rest).join(' ')]),
  );
}

test('what was cancelled is cancelled, what failed has its reason where that is known', async () => {
  await pool.query(`SET ROLE kasabi_owner; ${part('0007', 'Down')}`);
  await pool.query(`
    INSERT INTO kasabi.owner (name) VALUES ('nasa');
    INSERT INTO kasabi.api_key (owner_id, digest) VALUES (1, decode(repeat('00', 32), 'hex'));
    INSERT INTO kasabi.dataset (code, title, owner_id) VALUES ('d', 'd', 1)`);
  const messages: Readonly<Record<string, string>> = {
    [ids.byOwner]: 'Cancelled by nasa (key 1) before it started.',
    [ids.byOperator]: 'Whatever its message.',
    [ids.lost]: 'Attempt 5 was lost: its worker stopped answering.',
    [ids.busy]:
      'Writers kept the dataset busy, so it could not be locked; ask again when they have finished.',
    [ids.error]: 'The job hit an unexpected error; the operators find it in the log under its id.',
    [ids.unknown]: 'Something else.',
  };
  for (const [id, message] of Object.entries(messages)) {
    await pool.query(
      `INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, end_time, message, requested_by)
       VALUES ($1, 1, 'reset', 'failed', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01 00:00:30', $2, 1)`,
      [id, message],
    );
  }
  await pool.query(
    `INSERT INTO kasabi.job (id, dataset_id, type, start_time, due, requested_by)
     VALUES ($1, 1, 'reset', now(), now(), 1)`,
    [ids.repetition],
  );
  await pool.query(
    `INSERT INTO kasabi.job_transition (job_id, event, attempt, actor) VALUES ($1, 'cancel', 0, 'operator')`,
    [ids.byOperator],
  );
  await pool.query(
    `INSERT INTO kasabi.operator_action (action, job_id, operator_address, outcome, made_job_id)
     VALUES ('retry', $1, 'x', 'done', $2)`,
    [ids.lost, ids.repetition],
  );
  await pool.query(
    `INSERT INTO kasabi.job_tally (minute, type, accepted, completed, failed)
     VALUES ('2026-01-01', 'reset', 7, 0, 6)`,
  );

  await pool.query(`SET ROLE kasabi_owner; ${part('0007', 'Up')}`);
  assert.deepEqual(await records("status, coalesce(reason, '-')"), {
    byOwner: 'cancelled -',
    byOperator: 'cancelled -',
    lost: 'failed lost',
    busy: 'failed busy',
    error: 'failed error',
    unknown: 'failed -',
    repetition: 'scheduled -',
  });
  const { rows } = await pool.query('SELECT repeats FROM kasabi.job WHERE id = $1', [
    ids.repetition,
  ]);
  assert.deepEqual(rows, [{ repeats: ids.lost }]);
  const tally = await pool.query('SELECT failed, cancelled FROM kasabi.job_tally');
  assert.deepEqual(tally.rows, [{ failed: 4, cancelled: 2 }]);
});

test('services of the version before may go on beside it: their statements pass its CHECKs', async () => {
  await pool.query(
    `UPDATE kasabi.job SET status = 'failed', end_time = now(), message = 'Cancelled by nasa (key 1) before it started.'
     WHERE id = $1`,
    [ids.repetition],
  );
  await pool.query(
    `INSERT INTO kasabi.job_tally (minute, type, accepted, completed, failed) VALUES (now(), 'reset', 1, 0, 1)`,
  );
});
