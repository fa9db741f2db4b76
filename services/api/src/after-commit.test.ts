// What happens between the commit of a job and the answer, when something there fails.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { addRoutes, createApp, type HttpServer, listen } from '@kasabi/http';
import { roleUrl } from '@kasabi/postgres';
import { createLogger } from '@kasabi/runtime';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import { type Answer, ask } from '@kasabi/test/support/client';
import pg from 'pg';
import { type Acceptor, createAcceptor } from './accept.ts';
import { createAfterCommit } from './after-commit.ts';
import { cancelHandlers } from './cancel.ts';
import { jobHandlers } from './jobs.ts';
import { createKeyFirst } from './key-first.ts';
import { createKnownKeys } from './known-keys.ts';

const statusUrl = 'https://data.example.org';
const fault = (): never => {
  throw new Error('a fault after the commit');
};

let database: TestDatabase;
let key: string;
/** As a server might come to write it: times that are none. */
let unreadable: pg.Pool;
let server: HttpServer;
let acceptor: Acceptor;
let failed: string[] = [];

before(async () => {
  database = await createDatabase();
  const db = database.pool();
  await createOwner(db, 'owner');
  key = (await issueKey(db, 'owner')).secret;
  await createDataset(db, { code: 'nasa', owner: 'owner' });
  unreadable = new pg.Pool({
    connectionString: roleUrl(database.url, 'api'),
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === pg.types.builtins.NUMERIC
          ? () => 'soon'
          : pg.types.getTypeParser(oid, format)) as never,
    },
  });
  const log = createLogger({ service: 'test', level: 'silent' });
  const guard = createAfterCommit(log);
  const afterCommit: typeof guard = (what, step) =>
    guard(what, () => {
      try {
        return step();
      } catch (error) {
        failed.push(what);
        throw error;
      }
    });
  const metrics = { answered: fault, cancelled: fault, notEnqueued: fault } as never;
  const limits = { maxScheduleDays: 366, maxOpenJobs: 0, horizonMs: 3_600_000 };
  const producer = { enqueue: fault } as never;
  acceptor = createAcceptor({ pool: unreadable, producer, log, metrics, afterCommit, ...limits });
  const app = createApp({
    log,
    checks: {},
    isUnavailable: () => false,
    routes: (router) => {
      const knownKeys = createKnownKeys();
      const keyFirst = createKeyFirst(unreadable, knownKeys);
      const shared = { keyFirst, afterCommit, knownKeys };
      addRoutes(router, 'api', {
        ...jobHandlers({ ...shared, acceptor, pool: unreadable, statusUrl, ...limits }),
        ...cancelHandlers({ ...shared, pool: unreadable, metrics }),
      });
    },
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});
after(async () => {
  await acceptor?.settled();
  await server?.close(0);
  await unreadable?.end();
  await database?.close();
});

const url = (): string => `http://127.0.0.1:${server.port}/dataset/nasa/jobs`;

async function submit(accept: string): Promise<Answer> {
  failed = [];
  return await ask(url(), {
    method: 'POST',
    headers: { X_KASABI_APIKEY: key, Accept: accept },
    body: new URLSearchParams({ jobType: 'reset' }),
  });
}

async function records(): Promise<readonly { readonly id: string; readonly status: string }[]> {
  const { rows } = await database.pool().query('SELECT id, status FROM kasabi.job ORDER BY id');
  return rows;
}

describe('a job that is committed', () => {
  for (const [accept, steps] of [
    ['*/*', ['metrics']],
    ['application/json', ['metrics', 'document']],
  ] as const) {
    it(`is accepted for who sends Accept: ${accept}, whatever fails afterwards`, async () => {
      const answer = await submit(accept);
      assert.equal(answer.status, 202, answer.text);
      assert.equal(answer.text, `${statusUrl}/data/nasa/jobs/${(await records()).at(-1)?.id}`);
      assert.equal(answer.headers.get('location'), answer.text);
      assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
      await acceptor.settled();
      assert.deepEqual(failed, [...steps, 'metrics']);
    });
  }
});

describe('a job that is cancelled', () => {
  it('is cancelled for its client, whatever fails afterwards', async () => {
    const { text } = await submit('*/*');
    await acceptor.settled();
    failed = [];
    const answer = await ask(`${url()}/${text.split('/').at(-1)}`, {
      method: 'DELETE',
      headers: { X_KASABI_APIKEY: key },
    });
    assert.deepEqual([answer.status, failed], [200, ['metrics']]);
    assert.equal((await records()).at(-1)?.status, 'cancelled');
  });
});
