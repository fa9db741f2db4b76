// What one client, one dataset and one process may have, and what whoever asks for more is told.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createDataset } from '@kasabi/datasets';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import {
  type Answer,
  ask,
  assertRefused,
  countRecords,
  inMs,
  jobsUrl,
  submitForm,
} from '@kasabi/test/support/client';
import { change } from '@kasabi/test/support/watch-jobs';
import { addService } from '@kasabi/test/support/watch-services';
import pg from 'pg';

const most = 5;
const settings = { MAX_OPEN_JOBS_PER_DATASET: String(most), MAX_SCHEDULE_DAYS: '10' };
const day = 86_400_000;
let stack: TestStack;
let second: TestService;
let pool: pg.Pool;

before(async () => {
  stack = await startStack({ workers: 0, serviceEnv: { api: settings } });
  second = await addService(stack, 'api', settings);
  pool = stack.database.pool();
});
after(async () => {
  await second?.stop();
  await stack?.stop();
});

const submitTo = (url: string, parameters: Record<string, string> = {}): Promise<Answer> =>
  ask(url, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
    body: new URLSearchParams({ jobType: 'reset', ...parameters }),
  });

describe('the limit on unfinished jobs of a dataset', () => {
  it('is exact: of 200 requests at once to two processes, 5 are accepted, the rest get 429', async () => {
    for (let round = 0; round < 4; round += 1) {
      const code = `full-${round}`;
      await createDataset(pool, { code, owner: stack.owner });
      const here = jobsUrl(stack, code);
      const there = here.replace(stack.apiUrl, second.url);
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) => submitTo(n % 2 === 0 ? here : there)),
      );
      const { rows } = await pool.query<{ id: string }>(
        `SELECT j.id FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id
         WHERE d.code = $1`,
        [code],
      );
      assert.equal(rows.length, most);
      const refused = answers.filter((it) => it.status !== 202);
      assert.equal(refused.length, 200 - most);
      for (const answer of refused) {
        assertRefused(answer, 429, /has 5 unfinished jobs.*wait for some to end, or cancel some/);
        assert.equal(answer.headers.get('retry-after'), '60');
      }
      // Another dataset of the owner is not concerned, and one that has ended makes room for one.
      assert.equal((await submitTo(jobsUrl(stack))).status, 202);
      const [first = ''] = rows.map((row) => row.id);
      await change(pool, first, 'running');
      assert.equal((await submitTo(here)).status, 429, 'a running job is unfinished, too');
      await change(pool, first, 'completed');
      assert.deepEqual([(await submitTo(there)).status, (await submitTo(here)).status], [202, 429]);
    }
  });
});

describe('the limit on how far ahead a job may start', () => {
  it('is MAX_SCHEDULE_DAYS: up to it 202, beyond it a 400 that says so and leaves no record', async () => {
    const earlier = await countRecords(stack);
    await createDataset(pool, { code: 'far', owner: stack.owner });
    const at = (ms: number) => submitTo(jobsUrl(stack, 'far'), { startTime: inMs(ms) });
    assertRefused(
      await at(10 * day + 60_000),
      400,
      /^startTime is too far ahead; it can be at most 10 days/,
    );
    assert.equal(await countRecords(stack), earlier);
    assert.equal((await at(10 * day - 60_000)).status, 202);
  });
});

describe('overload', () => {
  it('is shed with 503 and Retry-After at once; health is answered, and it ends by itself', async () => {
    const busy = await addService(stack, 'api', { DATABASE_POOL_SIZE: '1', MAX_QUEUED: '5' });
    const lock = new pg.Client({ connectionString: stack.database.url });
    await lock.connect();
    const here = jobsUrl(stack).replace(stack.apiUrl, busy.url);
    try {
      await lock.query('BEGIN; LOCK TABLE kasabi.job');
      const answers: Promise<Answer>[] = [];
      const settled: Answer[] = [];
      const first = await waitFor(
        async () => {
          const answer = submitTo(here);
          answers.push(answer);
          void answer.then((it) => settled.push(it));
          // One that waits for the database is not answered while the lock is held.
          await Promise.race([answer, ask(`${busy.url}/healthz`)]);
          return settled[0];
        },
        { what: 'a 503', everyMs: 5 },
      );
      assertRefused(first, 503, /overloaded.*nothing was changed/);
      assert.equal(first.headers.get('retry-after'), '2');
      const waiting = answers.length - settled.length;
      assert.ok(waiting > 5, `${waiting} are held`);
      const rest = await Promise.all(Array.from({ length: 50 }, () => submitTo(here)));
      assert.ok(rest.every((it) => it.status === 503));
      assert.equal((await ask(`${busy.url}/healthz`)).status, 200);
      // Postgres is well, and the look at it waits for no request.
      assert.equal((await ask(`${busy.url}/readyz`)).text, 'ready\n');
      await lock.query('ROLLBACK');
      const held = (await Promise.all(answers)).filter((it) => it.status !== 503);
      assert.ok(held.length > 5 && held.every((it) => [202, 429].includes(it.status)));
      assert.equal((await ask(`${busy.url}/readyz`)).status, 200);
      assert.notEqual((await submitTo(here)).status, 503);
    } finally {
      await lock.end();
      await busy.stop();
    }
  });
});

describe('the error object', () => {
  it('is a problem document with a stable type where Accept prefers JSON, a sentence otherwise', async () => {
    const parameters = { jobType: 'reset', startTime: inMs(20 * day) };
    const headers = { X_KASABI_APIKEY: stack.key };
    const problem = await submitForm(stack, parameters, { ...headers, Accept: 'application/json' });
    assert.equal(problem.status, 400);
    assert.match(problem.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const { type, title, status, detail, instance } = JSON.parse(problem.text);
    assert.deepEqual([type, status], ['urn:kasabi:problem:invalid-parameter', 400]);
    assert.equal(title, 'A parameter is invalid');
    assert.equal(instance, `urn:kasabi:request:${problem.headers.get('x-request-id')}`);
    const sentence = await submitForm(stack, parameters, headers);
    assertRefused(sentence, 400, /^startTime is too far ahead/);
    assert.equal(sentence.text, `${detail}\n`);
  });
});
