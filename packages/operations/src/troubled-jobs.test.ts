import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fail, retry } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import type { Overview } from './overview.ts';
import { readOverview } from './read-overview.ts';
import { readTransitions } from './transitions.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const look = (): Promise<Overview> => readOverview(fixture.database.pool('operations'));

test('jobs that failed or try for the third time are troubled, cancelled ones are not', async () => {
  const dataset = await fixture.addDataset('troubled');
  const [failed, cancelled] = [await fixture.accept(dataset), await fixture.accept(dataset)];
  const held = await fixture.take(failed);
  const [message, cause] = ['It cannot be done.', 'Error: because'];
  await fail(fixture.worker, held, { reason: 'error', message, cause });
  await fixture.cancel(cancelled);
  const other = await fixture.addDataset('trying');
  const trying = await fixture.accept(other);
  await fixture.admin.query('UPDATE kasabi.job SET attempt = 2 WHERE id = $1', [trying]);
  assert.deepEqual(
    (await look()).troubledJobs.map(({ id }) => id),
    [failed],
  );
  await fixture.take(trying);
  const { troubledJobs } = await look();
  assert.deepEqual(
    troubledJobs.map(({ id, dataset: code, status, attempt, message }) => ({
      id,
      code,
      status,
      attempt,
      message,
    })),
    [
      { id: trying, code: 'trying', status: 'running', attempt: 3, message: null },
      {
        id: failed,
        code: 'troubled',
        status: 'failed',
        attempt: 1,
        message: 'It cannot be done.',
      },
    ],
  );
  assert.ok(troubledJobs[1]?.endTime instanceof Date);
  const transitions = await readTransitions(fixture.database.pool('status'), failed);
  assert.deepEqual(
    transitions.map(({ event, actor, message }) => [event, actor, message]),
    [
      ['claim', 'worker-1', null],
      ['fail', 'worker-1', 'Error: because'],
    ],
  );
});

test('a job that finds its dataset busy is told of, and what waits behind it is no backlog', async () => {
  const dataset = await fixture.addDataset('busy');
  const [first, behind] = [await fixture.accept(dataset), await fixture.accept(dataset)];
  const again = { delayMs: 60_000, message: 'again', cause: 'Blocked by: Bob.' };
  const find = async () => (await look()).busyJobs;
  const since = async (seconds: number): Promise<void> => {
    await fixture.admin.query(
      `UPDATE kasabi.job SET busy_since = now() - $2 * interval '1 s' WHERE id = $1`,
      [first, seconds],
    );
  };
  await retry(fixture.worker, await fixture.take(first), { ...again, busy: true });
  assert.deepEqual(await find(), [], 'not yet');
  await since(119);
  assert.deepEqual(await find(), [], 'not yet');
  await since(121);
  const [busy] = await find();
  assert.ok(busy !== undefined);
  const { busySince, busyMs, dueInMs, causeMs, ...rest } = busy;
  const told = { id: first, dataset: 'busy', type: 'reset', status: 'scheduled', attempt: 1 };
  assert.deepEqual(rest, { ...told, cause: 'Blocked by: Bob.' });
  assert.ok(busySince instanceof Date && busyMs >= 121_000 && busyMs < 130_000);
  assert.ok(dueInMs > 30_000 && dueInMs <= 60_000 && (causeMs ?? -1) >= 0);

  // The job behind it has been due for an hour, and no worker is to blame.
  await fixture.admin.query(
    `UPDATE kasabi.job SET due = start_time - interval '1 h', start_time = start_time - interval '1 h',
            created = created - interval '1 h' WHERE id = $1`,
    [behind],
  );
  const others = `SELECT 1 FROM kasabi.job WHERE status = 'scheduled' AND due < now() - interval '50 min'`;
  assert.equal((await fixture.admin.query(others)).rowCount, 1);
  assert.ok((await look()).oldestDueMs < 3_000_000);

  // It ends by itself, with an attempt that finds the dataset free.
  await fixture.admin.query('UPDATE kasabi.job SET due = start_time WHERE id = $1', [first]);
  await fixture.cancel(behind);
  const held = await fixture.take(first);
  assert.equal((await find()).length, 1, 'nothing is known of this attempt yet');
  await retry(fixture.worker, held, { ...again, delayMs: 0 });
  assert.deepEqual(await find(), []);
});
