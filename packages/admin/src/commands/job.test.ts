import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestKey } from '@kasabi/accounts';
import { getDataset, lockDataset } from '@kasabi/datasets';
import { acceptJobs } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { openCommands } from '../../test/commands.ts';

const { pool, admin, json, fails, close } = await openCommands();
after(close);

test('jobs are listed newest first, and filtered', async () => {
  await admin('owner', 'create', 'jaxa');
  const { secret } = await json<{ secret: string }>('key', 'issue', 'jaxa');
  for (const code of ['moon', 'mars']) await admin('dataset', 'create', code, '--owner', 'jaxa');
  const keyDigest = digestKey(secret);
  const ids: string[] = [];
  for (const datasetCode of ['moon', 'mars', 'moon']) {
    const request = { keyDigest, datasetCode, type: 'reset', startTime: undefined } as const;
    const [accepted] = await acceptJobs(pool, [request], { maxScheduleDays: 1 });
    assert.ok(accepted?.outcome === 'accepted');
    ids.push(accepted.job.id);
  }

  const list = async (...args: string[]) =>
    (await json<{ id: string }[]>('job', 'list', ...args)).map((it) => it.id);
  assert.deepEqual(await list(), ids.toReversed());
  assert.deepEqual(await list('--dataset', 'moon'), [ids[2], ids[0]]);
  assert.deepEqual(await list('--limit', '1'), [ids[2]]);
  assert.deepEqual(await list('--status', 'scheduled', '--dataset', 'mars'), [ids[1]]);
  assert.deepEqual(await list('--status', 'failed'), []);
  const [job] = await json<Record<string, unknown>[]>('job', 'list', '--dataset', 'mars');
  assert.deepEqual(
    [job?.['dataset'], job?.['type'], job?.['status'], job?.['started'], job?.['endTime']],
    ['mars', 'reset', 'scheduled', null, null],
  );
  const table = await admin('job', 'list', '--dataset', 'mars');
  assert.match(table.out, new RegExp(`^ID +DATASET .*\\n${ids[1]}  mars +reset +scheduled +`));
  await fails(1, /There is no dataset "nowhere"/, 'job', 'list', '--dataset', 'nowhere');
});

test('a job is shown, cancelled and repeated, and a dataset with an abandoned lock unlocked', async () => {
  await admin('owner', 'create', 'isro');
  const { secret } = await json<{ secret: string }>('key', 'issue', 'isro');
  await admin('datasets', 'create', 'venus', '--owner', 'isro');
  const [accepted] = await acceptJobs(
    pool,
    [
      {
        keyDigest: digestKey(secret),
        datasetCode: 'venus',
        type: 'reset',
        startTime: new Date(Date.now() + 3_600_000),
      },
    ],
    { maxScheduleDays: 1 },
  );
  assert.ok(accepted?.outcome === 'accepted');
  const { id } = accepted.job;
  const fresh = await admin('jobs', 'show', id);
  assert.match(fresh.out, /^Job +[0-9a-f-]{36}\nDataset +venus\nOwner +isro, by key \d+\n/);
  assert.match(fresh.out, /\nNothing has happened to it since it was accepted\.\n$/);
  await fails(1, /Only a failed job can be repeated; this one is scheduled/, 'job', 'retry', id);
  assert.deepEqual(await json('job', 'cancel', id, '--yes'), { id, cancelled: true });
  await fails(1, /Only a scheduled reset .*; this one is cancelled/, 'job', 'cancel', id);
  await fails(1, /A cancelled job cannot be repeated/, 'job', 'retry', id);
  const filtered = await json<{ id: string }[]>('job', 'list', '--status', 'cancelled');
  assert.deepEqual(
    filtered.map((it) => it.id),
    [id],
  );
  assert.deepEqual(await json('job', 'list', '--status', 'failed', '--dataset', 'venus'), []);
  const table = await admin('job', 'show', id);
  assert.match(
    table.out,
    /\nAT +EVENT +ATTEMPT +BY +MESSAGE\n\S+ +cancel +0 +operator +Cancelled by/,
  );

  await pool.query(
    `DELETE FROM kasabi.job_transition;
     UPDATE kasabi.job SET status = 'failed', reason = 'busy' WHERE status = 'cancelled'`,
  );
  const made = await json<{ id: string; repeats: string }>('job', 'retry', id, '-y');
  assert.equal(made.repeats, id);
  await fails(1, new RegExp(`already repeated, by the job ${made.id}`), 'job', 'retry', id);
  const list = await json<{ id: string }[]>('jobs', 'list', '--text', 'enu', '--type', 'reset');
  assert.deepEqual(
    list.map((it) => it.id),
    [made.id, id],
  );
  const shown = await json<{ status: string; transitions: unknown[] }>('job', 'show', made.id);
  assert.deepEqual([shown.status, shown.transitions], ['scheduled', []]);
  for (const action of ['show', 'cancel', 'retry']) {
    await fails(1, /There is no job 0{8}-/, 'job', action, '00000000-0000-0000-0000-000000000000');
    await fails(2, /Give the whole id/, 'job', action, id.slice(0, 8));
  }

  await fails(1, /The dataset is not locked; nothing was changed/, 'dataset', 'unlock', 'venus');
  const { id: datasetId } = await getDataset(pool, 'venus');
  const lockFor = (jobId: string) =>
    withTransaction(pool, (client) => lockDataset(client, { datasetId, jobId, timeoutMs: 1_000 }));
  await lockFor(made.id);
  await fails(1, /which holds the lock, is scheduled/, 'dataset', 'unlock', 'venus');
  await lockFor(id);
  assert.deepEqual(await json('dataset', 'unlock', 'venus', '--yes'), {
    code: 'venus',
    unlocked: true,
  });
  assert.equal((await getDataset(pool, 'venus')).storageMode, 'read-write');
  await fails(1, /There is no dataset "nowhere"/, 'dataset', 'unlock', 'nowhere');
  const { rows } = await pool.query<{ action: string; outcome: string }>(
    `SELECT DISTINCT action, operator_address FROM kasabi.operator_action
     WHERE action IN ('cancel', 'retry', 'unlock') ORDER BY action`,
  );
  assert.deepEqual(
    rows,
    ['cancel', 'retry', 'unlock'].map((action) => ({ action, operator_address: 'command line' })),
  );
});
