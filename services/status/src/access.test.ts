// Clients that wait for a job while their key becomes invalid for its dataset.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, digestKey, issueKey, revokeKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { type Answer, ask } from '@kasabi/test/support/client';
import { waitFor } from '@kasabi/test/support/wait-for';
import { change, openEvents } from '@kasabi/test/support/watch-jobs';
import type pg from 'pg';
import { type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';
import { createWatcher, type News } from './watcher.ts';

/** A dataset with its own owner, key and scheduled job. */
interface Held {
  readonly code: string;
  readonly key: string;
  readonly keyId: number;
  readonly jobId: string;
}

let count = 0;

async function makeHeld({ database }: StatusRoutes): Promise<Held> {
  const db = database.pool();
  count += 1;
  const code = `held-${count}`;
  await createOwner(db, code);
  const { secret: key, keyId } = await issueKey(db, code);
  await createDataset(db, { code, owner: code });
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
     SELECT id, 'reset', now() + interval '1 day', now() + interval '1 day', $2
     FROM kasabi.dataset WHERE code = $1 RETURNING id`,
    [code, keyId],
  );
  return { code, key, keyId, jobId: rows[0]?.id ?? '' };
}

const removeJob = ({ database }: StatusRoutes, { jobId }: Held) =>
  database.pool().query('DELETE FROM kasabi.job WHERE id = $1', [jobId]);

/** The ways in which a key becomes invalid for a job, and the answer to a new request after that. */
const ends: readonly (readonly [
  string,
  (status: StatusRoutes, held: Held) => Promise<unknown>,
  number,
])[] = [
  ['is revoked', ({ database }, { keyId }) => revokeKey(database.pool(), keyId), 401],
  [
    'stays with the owner who gave the dataset away',
    ({ database }, { code }) =>
      database.pool().query(
        `UPDATE kasabi.dataset SET owner_id = (SELECT id FROM kasabi.owner WHERE name = 'other')
         WHERE code = $1`,
        [code],
      ),
    401,
  ],
  [
    'opens a dataset that is renamed',
    ({ database }, { code }) =>
      database
        .pool()
        .query(`UPDATE kasabi.dataset SET code = code || '-x' WHERE code = $1`, [code]),
    404,
  ],
  ['opens a job whose record is removed', removeJob, 404],
];

describe('a client that waits', () => {
  let status: StatusRoutes;
  before(async () => {
    status = await startStatusRoutes();
  });
  after(() => status?.close());

  const urlOf = ({ code, jobId }: Held): string => `${status.url}/data/${code}/jobs/${jobId}`;
  const wait = (held: Held): Promise<Answer> =>
    ask(urlOf(held), { headers: { X_KASABI_APIKEY: held.key, Prefer: 'wait=60' } });
  const waiters = (number: number): Promise<true> =>
    waitFor(() => status.watcher.waiting === number, { what: `${number} to wait` });

  for (const [what, end, code] of ends) {
    it(`with a key that ${what} is let go within seconds, as a new request is answered`, async () => {
      const [held, other] = [await makeHeld(status), await makeHeld(status)];
      const [waiting, staying] = [wait(held), wait(other)];
      const stream = await openEvents(`${urlOf(held)}/events`, { X_KASABI_APIKEY: held.key });
      await waiters(3);
      const began = performance.now();
      await end(status, held);
      const answer = await waiting;
      await stream.ended;
      assert.ok(performance.now() - began < 5_000, `${performance.now() - began} ms`);
      assert.equal(answer.status, code);
      assert.equal(answer.headers.get('preference-applied'), null);
      assert.equal(stream.events().length, 1, 'nothing but the state it began with');
      const again = await ask(urlOf(held), { headers: { X_KASABI_APIKEY: held.key } });
      assert.deepEqual([again.status, again.text], [answer.status, answer.text]);
      assert.ok(stream.text().endsWith(`: ${again.text.trim()}\n\n`), stream.text());
      const { status: refused } = await ask(`${urlOf(held)}/events`, {
        headers: { X_KASABI_APIKEY: held.key },
      });
      assert.equal(refused, code);

      await waiters(1);
      await change(status.database.pool(), other.jobId, 'failed');
      assert.match((await staying).text, /"failed"/);
    });
  }
});

describe('a client that waits with a key that nobody has looked at since it was revoked', () => {
  let status: StatusRoutes;
  before(async () => {
    status = await startStatusRoutes({ accessIntervalMs: 3_600_000 });
  });
  after(() => status?.close());

  it('learns nothing about what happens to the job', async () => {
    const held = await makeHeld(status);
    const url = `${status.url}/data/${held.code}/jobs/${held.jobId}`;
    const headers = { X_KASABI_APIKEY: held.key };
    const waiting = ask(url, { headers: { ...headers, Prefer: 'wait=60' } });
    const stream = await openEvents(`${url}/events`, headers);
    await waitFor(() => status.watcher.waiting === 2, { what: 'both to wait' });
    await revokeKey(status.database.pool(), held.keyId);
    await change(status.database.pool(), held.jobId, 'failed');
    assert.equal((await waiting).status, 401);
    await stream.ended;
    assert.doesNotMatch(stream.text(), /"failed"/);
  });
});

describe('the keys of 10,000 who wait', () => {
  let status: StatusRoutes;
  before(async () => {
    status = await startStatusRoutes();
  });
  after(() => status?.close());

  it('cost one statement a round, and none while nobody waits', async () => {
    const statements: string[] = [];
    const pool = status.database.pool('status');
    const query = (asked: { readonly name: string }): unknown => {
      statements.push(asked.name);
      return pool.query(asked as never);
    };
    const watcher = createWatcher({
      sources: { pool: { query } as unknown as pg.Pool },
      intervalMs: 50,
      onError: (error) => assert.fail(String(error)),
    });
    const [, access] = watcher.loops;
    await access?.runOnce();
    assert.deepEqual(statements, []);

    const held = await makeHeld(status);
    const found = await status.database.pool().query(
      `SELECT *, code AS dataset FROM kasabi.job j JOIN kasabi.dataset d ON d.id = dataset_id
       WHERE j.id = $1`,
      [held.jobId],
    );
    const record = { ...found.rows[0], id: held.jobId, status: 'scheduled', attempt: 0 };
    const told: News[] = [];
    for (let number = 0; number < 10_000; number += 1) {
      const key = number % 2 === 0 ? held.key : `unknown ${number}`;
      const shown = { keyDigest: digestKey(key), datasetCode: held.code };
      watcher.watch({ record, access: shown, knownAt: 0 }, (news) => told.push(news));
    }
    await access?.runOnce();
    assert.deepEqual(statements, ['authorize-all']);
    assert.deepEqual([told.length, watcher.waiting], [5_000, 5_000]);
    await revokeKey(status.database.pool(), held.keyId);
    await access?.runOnce();
    assert.deepEqual(new Set(told.map((news) => news.outcome)), new Set(['refused']));
    assert.deepEqual([told.length, watcher.waiting], [10_000, 0]);
    await access?.runOnce();
    assert.equal(statements.length, 2);
  });
});
