import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import pg from 'pg';

let fixture: Fixture;
let jobId: string;

before(async () => {
  fixture = await createFixture();
  jobId = await fixture.accept(await fixture.addDataset());
  await fixture.accept(await fixture.addDataset());
});

after(async () => {
  await fixture.close();
});

/** SQL expressions by column. */
type Columns = Readonly<Record<string, string>>;
const lease: Columns = { lease_holder: "'w'", lease_expires: 'now()' };
const ran: Columns = { attempt: '1', started: 'now()' };
const running: Columns = { status: "'running'", ...ran, ...lease };
const completed: Columns = { status: "'completed'", ...ran, end_time: 'now()' };
const failed: Columns = { status: "'failed'", end_time: 'now()', message: "'no'" };

const cancelled: Columns = { status: "'cancelled'", end_time: 'now()', message: "'no'" };

const assignments = (columns: Columns): string =>
  Object.entries(columns)
    .map(([name, expression]) => `${name} = ${expression}`)
    .join(', ');

/** Sets columns of a scheduled record, as the superuser would by hand, and takes it back. */
async function set(columns: Columns): Promise<void> {
  const client = await fixture.admin.connect();
  try {
    await client.query('BEGIN');
    await client.query(`UPDATE kasabi.job SET ${assignments(columns)} WHERE id = $1`, [jobId]);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const possible: Readonly<Record<string, Columns>> = {
  'a running job': running,
  'a completed job': completed,
  'a failed job that never ran': failed,
  'a failed job that ran': { ...failed, attempt: '3', started: 'now()' },
  'a job that failed for a reason': { ...failed, reason: "'busy'" },
  'a cancelled job that never ran': cancelled,
  'a cancelled job that had lost an attempt': {
    ...cancelled,
    ...{ attempt: '2', lost: '2', started: 'now()' },
  },
  'a scheduled job that was given back': { started: 'now()', attempt: '0', message: "'again'" },
};
for (const [what, columns] of Object.entries(possible)) {
  test(`the record can be ${what}`, async () => {
    await set(columns);
  });
}

const refused: readonly (readonly [constraint: string, what: string, columns: Columns])[] = [
  ['job_status_check', 'a status that is none', { status: "'succeeded'" }],
  ['job_attempt_check', 'less than no attempt', { attempt: '-1' }],
  [
    'starts_after_creation',
    'a start before the creation',
    { start_time: "created - interval '1 s'" },
  ],
  ['starts_after_creation', 'being due before the start', { due: "start_time - interval '1 us'" }],
  [
    'never_started_early',
    'an early start',
    { ...running, started: "start_time - interval '1 us'" },
  ],
  ['ended_has_end_time', 'an end time while scheduled', { end_time: 'now()' }],
  ['ended_has_end_time', 'an end time while running', { ...running, end_time: 'now()' }],
  ['ended_has_end_time', 'a completed job without one', { ...completed, end_time: 'NULL' }],
  ['ended_has_end_time', 'a failed job without one', { ...failed, end_time: 'NULL' }],
  ['running_has_lease', 'a lease while scheduled', lease],
  ['running_has_lease', 'a lease after the end', { ...completed, ...lease }],
  ['running_has_lease', 'a lease after a failure', { ...failed, ...lease }],
  ['running_has_lease', 'running without a lease', { ...running, lease_holder: 'NULL' }],
  ['running_has_lease', 'a lease without an end', { ...running, lease_expires: 'NULL' }],
  ['ran_has_started', 'running before it started', { ...running, started: 'NULL' }],
  ['ran_has_started', 'running without an attempt', { ...running, attempt: '0' }],
  ['ran_has_started', 'completed before it started', { ...completed, started: 'NULL' }],
  ['ran_has_started', 'completed without an attempt', { ...completed, attempt: '0' }],
  ['scheduled_has_no_fence', 'a fence while scheduled', { fence: '1' }],
  ['ended_has_end_time', 'a cancelled job without one', { ...cancelled, end_time: 'NULL' }],
  ['running_has_lease', 'a lease after it was cancelled', { ...cancelled, ...lease }],
  ['failed_says_why', 'a failure without a message', { ...failed, message: 'NULL' }],
  ['failed_says_why', 'a cancelled job without a message', { ...cancelled, message: 'NULL' }],
  ['job_reason_check', 'a reason that is none', { ...failed, reason: "'cancelled'" }],
  ['only_failed_has_reason', 'a reason while scheduled', { reason: "'lost'" }],
  ['only_failed_has_reason', 'a reason of a completed job', { ...completed, reason: "'busy'" }],
  ['only_failed_has_reason', 'a reason of a cancelled job', { ...cancelled, reason: "'error'" }],
  ['lost_are_attempts', 'more attempts lost than there were', { lost: '1' }],
  ['lost_are_attempts', 'less than none lost', { lost: '-1' }],
];
for (const [constraint, what, columns] of refused) {
  test(`Postgres refuses ${what} (${constraint})`, async () => {
    await assert.rejects(set(columns), (error) => {
      assert.ok(error instanceof pg.DatabaseError);
      assert.equal(error.code, '23514', error.message);
      assert.equal(error.constraint, constraint);
      return true;
    });
  });
}

test('Postgres refuses a second running job of a dataset (job_running)', async () => {
  const dataset = await fixture.addDataset();
  const [first, second] = [await fixture.accept(dataset), await fixture.accept(dataset)];
  await fixture.take(first);
  await assert.rejects(
    fixture.admin.query(`UPDATE kasabi.job SET ${assignments(running)} WHERE id = $1`, [second]),
    { code: '23505', constraint: 'job_running' },
  );
});

test('the registry refuses a lock without a holder and a holder without a lock', async () => {
  const columns = ["storage_mode = 'read-only'", 'locked_by = uuidv7(), locked_at = now()'];
  for (const column of columns) {
    await assert.rejects(fixture.admin.query(`UPDATE kasabi.dataset SET ${column}`), {
      code: '23514',
      constraint: 'read_only_has_its_holder',
    });
  }
});
