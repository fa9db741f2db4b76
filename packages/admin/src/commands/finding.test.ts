import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fail } from '@kasabi/jobs';
import { reportWorker } from '@kasabi/operations';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type InProcessRun, runInProcess } from '@kasabi/test/support/in-process';
import { runAdmin } from '../program.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
  await reportWorker(fixture.worker, {
    holder: 'w1',
    host: 'one',
    version: '1.0.0',
    concurrency: 1,
    running: 0,
    clockOffsetMs: 0,
    redisAnswers: true,
    sinceRelayMs: 0,
    relayIntervalMs: 60_000,
    sinceRescueMs: 0,
    redisLoss: undefined,
  });
});

after(async () => {
  await fixture.close();
});

const admin = (...args: string[]): Promise<InProcessRun> =>
  runInProcess(runAdmin, args, { DATABASE_URL: fixture.database.url });

async function failedJob(code: string): Promise<string> {
  const jobId = await fixture.accept(await fixture.addDataset(code));
  const message = 'It cannot be done.';
  await fail(fixture.worker, await fixture.take(jobId), { reason: 'error', message });
  return jobId;
}

const doctor = async (): Promise<{ name: string; status: string; todo?: string }[]> =>
  (JSON.parse((await admin('doctor', '--json')).out) as { checks: [] }).checks;
const failing = async () => (await doctor()).filter(({ name }) => name === 'job-fails');

test('a finding is acknowledged by its name and subject; the doctor says how, and counts it no more', async () => {
  const one = await failedJob('one');
  const [found] = await failing();
  assert.equal(found?.status, 'warn');
  assert.match(found?.todo ?? '', new RegExp(`finding ack job-fails ${one}$`));
  const done = await admin('finding', 'ack', 'job-fails', '--note', 'asked');
  assert.match(done.out, new RegExp(`^Acknowledged for 30 d, or until it changes: The job ${one}`));
  assert.deepEqual(
    (await failing()).map(({ status, todo }) => [status, todo]),
    [['ack', undefined]],
  );
  assert.match((await admin('doctor')).out, /^ack {3}job-fails +The job .*until 2.*Z: asked\.$/m);
  assert.match((await admin('finding', 'list')).out, /^acknowledged {2}job-fails since /m);

  const again = await failAgain('one');
  assert.deepEqual(
    (await failing()).map(({ status }) => status),
    ['warn'],
    'another job of the dataset has failed since',
  );
  const two = await failedJob('two');
  const several = await admin('finding', 'ack', 'job-fails');
  assert.equal(several.code, 1);
  assert.match(several.err, /There are several/);
  for (const id of [again, two]) assert.ok(several.err.includes(id));
  assert.equal((await admin('finding', 'ack', 'job-fails', two, '--for', '2h')).code, 0);
  const shown = (await failing()).map(({ status }) => status);
  assert.deepEqual(shown, ['warn', 'ack']);
  assert.equal((await admin('finding', 'unack', 'job-fails', two)).code, 0);
  assert.deepEqual((await failing()).map(({ status }) => status).sort(), ['warn', 'warn']);
});

async function failAgain(code: string): Promise<string> {
  const { rows } = await fixture.admin.query<{ id: number }>(
    'SELECT id FROM kasabi.dataset WHERE code = $1',
    [code],
  );
  const jobId = await fixture.accept({ id: rows[0]?.id, code } as never);
  const message = 'It cannot be done.';
  await fail(fixture.worker, await fixture.take(jobId), { reason: 'error', message });
  return jobId;
}

test('what is not found, or cannot be kept, is not acknowledged', async () => {
  const refused = async (error: RegExp, ...args: string[]) => {
    const { code, out, err } = await admin('finding', ...args);
    assert.deepEqual([code, out], [args[1] === 'no-such' || args[2] === '--for' ? 2 : 1, '']);
    assert.match(err, error);
  };
  await refused(/redis-wiped is not found now/, 'ack', 'redis-wiped');
  await refused(/job-fails nothing is not found/, 'ack', 'job-fails', 'nothing');
  await refused(/Postgres is away and cannot store it/, 'ack', 'postgres-down');
  await refused(/finding is not acknowledged; nothing was changed/, 'unack', 'redis-wiped');
  await refused(/Allowed choices are postgres-down/, 'ack', 'no-such');
  await refused(/such as 30min, 8h or 7d/, 'ack', 'job-fails', '--for', '31d');
});

test('the doctor says nothing of an oldest due job when none is due', async () => {
  const jobs = async () => (await doctor()).find(({ name }) => name === 'jobs');
  assert.match(
    String((await jobs())?.['what' as never]),
    /^0 scheduled, none is due; 0 to be handed/,
  );
  const jobId = await fixture.accept(await fixture.addDataset('due'));
  assert.match(String((await jobs())?.['what' as never]), /^1 scheduled, the oldest due for \d/);
  assert.ok(await fixture.cancel(jobId));
});
