// What is checked first. Whoever has no good key learns nothing of a request, of a dataset or of a job.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { startStack, type TestStack } from '@kasabi/test/support';
import { type Answer, ask, assertRefused, countRecords } from '@kasabi/test/support/client';
import { jobUrl, makeJobs } from '@kasabi/test/support/watch-jobs';

let stack: TestStack;
let otherKey: string;
let jobId: string;

before(async () => {
  stack = await startStack({ workers: 0 });
  const pool = stack.database.pool();
  await createOwner(pool, 'other');
  otherKey = (await issueKey(pool, 'other')).secret;
  [jobId = ''] = await makeJobs(pool, 1);
});
after(() => stack?.stop());

const noJob = '01a20887-fc9b-7ea8-a838-06bfc9de4185';
/** A short code that a dataset has, one that none has, and two that none can have. */
const codes = ['nasa', 'mars', 'NASA', '%2E%2E%2F..'];
const withKey = (key?: string): Record<string, string> =>
  key === undefined ? {} : { X_KASABI_APIKEY: key };

/** A route by its method, its URL for a dataset and, where it is about a job, for a job. */
interface Route {
  readonly method: string;
  readonly url: (code: string, id: string) => string;
}

const ofJobs: ReadonlyMap<string, Route> = new Map([
  ['GET a job', { method: 'GET', url: (code, id) => `${stack.statusUrl}/data/${code}/jobs/${id}` }],
  [
    'GET its events',
    { method: 'GET', url: (code, id) => `${stack.statusUrl}/data/${code}/jobs/${id}/events` },
  ],
  [
    'DELETE at the status host',
    { method: 'DELETE', url: (code, id) => `${stack.statusUrl}/data/${code}/jobs/${id}` },
  ],
  [
    'DELETE at the api host',
    { method: 'DELETE', url: (code, id) => `${stack.apiUrl}/dataset/${code}/jobs/${id}` },
  ],
]);

const ofDatasets: ReadonlyMap<string, Route> = new Map([
  ['POST', { method: 'POST', url: (code) => `${stack.apiUrl}/dataset/${code}/jobs` }],
  ['GET the list', { method: 'GET', url: (code) => `${stack.statusUrl}/data/${code}/jobs` }],
]);

const send = ({ method, url }: Route, code: string, id: string, query: string, key?: string) =>
  ask(`${url(code, id)}${query}`, { method, headers: withKey(key) });

const notThere = (code: string): RegExp =>
  code === 'mars' ? /^There is no dataset mars\./ : /short code has 1 to 63/;

describe('without a good key', () => {
  for (const [name, route] of [...ofDatasets, ...ofJobs]) {
    it(`${name} is 401 whatever else is right or wrong`, async () => {
      const answers = new Set<string>();
      for (const key of [undefined, 'made-up']) {
        for (const code of codes) {
          for (const id of ofJobs.has(name) ? [jobId, noJob, '12345', '%00'] : ['']) {
            for (const query of ['', '?x=1', '?jobType=rest&limit=0']) {
              const answer = await send(route, code, id, query, key);
              assertRefused(answer, 401, /API key/);
              answers.add(answer.text);
            }
          }
        }
      }
      assert.equal(answers.size, 1);
    });
  }

  it("another owner's key is 401 for the dataset, and as good as any for one that is not there", async () => {
    for (const [name, route] of [...ofDatasets, ...ofJobs]) {
      const asked = [jobId, name === 'POST' ? '?jobType=reset' : '', otherKey] as const;
      assertRefused(await send(route, 'nasa', ...asked), 401, /API key/);
      for (const code of codes.slice(1)) {
        assertRefused(await send(route, code, ...asked), 404, notThere(code));
      }
    }
  });

  it('two keys that differ are 400 before either is looked at', async () => {
    for (const [, route] of [...ofDatasets, ...ofJobs]) {
      for (const code of codes) {
        const answer = await send(route, code, '12345', '?apikey=other&x=1', stack.key);
        assertRefused(answer, 400, /two different API keys/);
      }
    }
  });
});

describe('with a good key', () => {
  it('the dataset comes before what is asked of it', async () => {
    for (const [, route] of ofDatasets) {
      for (const code of codes.slice(1)) {
        for (const query of ['?jobType=reset', '?x=1', '?jobType=rest&limit=0']) {
          const answer = await send(route, code, '', query, stack.key);
          assertRefused(answer, 404, notThere(code));
        }
      }
      assertRefused(await send(route, 'nasa', '', '?x=1', stack.key), 400, /^x is not a parameter/);
    }
  });

  it('of a job, the parameters come before the dataset, and that before the job', async () => {
    for (const [, route] of ofJobs) {
      for (const code of codes) {
        for (const id of [jobId, noJob, '12345', '%00']) {
          const wrong = await send(route, code, id, '?x=1', stack.key);
          assertRefused(wrong, 400, /^x is not a parameter here; the parameters here are apikey/);
        }
      }
      for (const id of [noJob, '12345', '%00']) {
        for (const code of codes.slice(1)) {
          assertRefused(await send(route, code, id, '', stack.key), 404, notThere(code));
        }
        const answer = await send(route, 'nasa', id, '', stack.key);
        assertRefused(answer, 404, /^The dataset nasa has no such job\./);
      }
    }
  });

  it('of a POST, parameters come first, then type, start time, Idempotency-Key and horizon', async () => {
    const before = await countRecords(stack);
    const post = (query: string, idempotencyKey?: string): Promise<Answer> =>
      ask(`${stack.apiUrl}/dataset/nasa/jobs${query}`, {
        method: 'POST',
        headers: {
          ...withKey(stack.key),
          ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
        },
      });
    const far = 'startTime=9999-01-01T00:00:00Z';
    assertRefused(await post('?startTime=x&x=1', ''), 400, /^x is not a parameter/);
    assertRefused(await post('?startTime=x', ''), 400, /jobType is missing/);
    assertRefused(await post('?jobType=reset&startTime=x', ''), 400, /^startTime is not a date/);
    assertRefused(await post(`?jobType=reset&${far}`, ''), 400, /Idempotency-Key must be/);
    assertRefused(await post(`?jobType=reset&${far}`), 400, /startTime is too far ahead/);
    assert.equal(await countRecords(stack), before);
  });

  it('a refused DELETE cancels nothing', async () => {
    const headers = withKey(stack.key);
    const job = JSON.parse((await ask(jobUrl(stack, jobId), { headers })).text) as object;
    assert.equal('status' in job && job.status, 'scheduled');
  });
});
