// Only the owner gets in, the others learn nothing, and no key is written down anywhere.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey, revokeKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { parseRedisUrl } from '@kasabi/runtime';
import { type OperatedStack, startStack, waitFor } from '@kasabi/test/support';
import {
  type Answer,
  ask,
  countRecords,
  inMs,
  jobsUrl,
  submitForm,
} from '@kasabi/test/support/client';
import { everythingIn } from './support/redis-contents.ts';

let stack: OperatedStack;
let location: string;
/** Keys that do not open the dataset `nasa`, by why; undefined is no key. */
let wrongKeys: ReadonlyMap<string, string | undefined>;
let otherKey: string;

before(async () => {
  // Without a worker, so that what is in Redis stays there to be looked at.
  stack = await startStack({
    workers: 0,
    operatorPassword: 'an-operators-password',
    env: { LOG_LEVEL: 'trace' },
  });
  const db = stack.database.pool();
  await createOwner(db, 'other');
  otherKey = (await issueKey(db, 'other')).secret;
  await createDataset(db, { code: 'mir', owner: 'other' });
  const revoked = await issueKey(db, stack.owner);
  await revokeKey(db, revoked.keyId);
  wrongKeys = new Map([
    ['missing', undefined],
    ['unknown', `kasabi_${'x'.repeat(43)}`],
    ['revoked', revoked.secret],
    ["another owner's", otherKey],
  ]);
  const answer = await submitForm(stack, { jobType: 'reset', startTime: inMs(1_800_000) });
  assert.equal(answer.status, 202, answer.text);
  location = answer.text;
});
after(() => stack?.stop());

/** What a client can see of an answer, without what every answer has anew. */
function visible({ status, headers, text }: Answer): string {
  const volatile = new Set(['x-request-id', 'date']);
  const shown = [...headers].filter(([name]) => !volatile.has(name));
  const id = headers.get('x-request-id') ?? 'no request id';
  return `${status}\n${shown.map((pair) => pair.join(': ')).join('\n')}\n\n${text}`.replaceAll(
    id,
    'ID',
  );
}

const withKey = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { X_KASABI_APIKEY: key };

describe('401', () => {
  const requests: readonly [
    string,
    (key: string | undefined, accept: string) => Promise<Answer>,
  ][] = [
    [
      'a job',
      (key, Accept) => submitForm(stack, { jobType: 'reset' }, { ...withKey(key), Accept }),
    ],
    ['no job', (key, Accept) => submitForm(stack, { nonsense: '1' }, { ...withKey(key), Accept })],
    ['a document', (key, Accept) => ask(location, { headers: { ...withKey(key), Accept } })],
    [
      'no document',
      (key, Accept) => ask(`${location}x?y=1`, { headers: { ...withKey(key), Accept } }),
    ],
  ];
  for (const [what, send] of requests) {
    it(`is the same for every wrong key that asks for ${what}`, async () => {
      for (const accept of ['*/*', 'application/json']) {
        const answers = new Map<string, string>();
        for (const [why, key] of wrongKeys) {
          const answer = await send(key, accept);
          assert.equal(answer.status, 401, why);
          assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="Kasabi Jobs"');
          answers.set(why, visible(answer));
        }
        assert.equal(new Set(answers.values()).size, 1, JSON.stringify([...answers], null, 1));
        assert.match([...answers.values()][0] ?? '', /X_KASABI_APIKEY/);
      }
    });
  }

  it('does not tell which datasets there are', async () => {
    const send = (url: string, key: string | undefined) =>
      ask(url, { method: 'POST', headers: withKey(key) });
    for (const [why, key] of wrongKeys) {
      if (why === "another owner's") continue;
      const [present, absent] = [
        await send(`${jobsUrl(stack)}?jobType=reset`, key),
        await send(`${jobsUrl(stack, 'no-such')}?jobType=reset`, key),
      ];
      assert.equal(visible(absent), visible(present), why);
      assert.equal(absent.status, 401);
    }
  });

  it('keeps a job from the owner of another dataset, who has a good key', async () => {
    const own = location.replace('/data/nasa/', '/data/mir/');
    const { status, text } = await ask(own, { headers: withKey(otherKey) });
    assert.deepEqual([status, text], [404, 'The dataset mir has no such job.\n']);
  });

  it('takes effect with the next request after a key was revoked', async () => {
    const db = stack.database.pool();
    const { keyId, secret } = await issueKey(db, stack.owner);
    const before = await ask(location, { headers: withKey(secret) });
    await revokeKey(db, keyId);
    const afterwards = await ask(location, { headers: withKey(secret) });
    assert.deepEqual([before.status, afterwards.status], [200, 401]);
  });
});

describe('a key', () => {
  it('is in no log line, in nothing in Redis, and in no record', async () => {
    const keys = [stack.key, ...wrongKeys.values()].filter((key) => key !== undefined);
    const { key } = stack;
    for (const query of [
      `apikey=${key}`,
      `%61pikey=${key}`,
      `api_key=${key}`,
      `jobType=${key}`,
      `startTime=${key}`,
      key,
      `apikey=${key}&apikey=other`,
    ]) {
      await ask(`${jobsUrl(stack)}?${query}`, { method: 'POST' });
      await ask(`${location}?${query}`);
    }
    for (const path of [`/dataset/${key}/jobs`, `/dataset/nasa/jobs&apikey=${key}`]) {
      await ask(`${stack.apiUrl}${path}`, { method: 'POST', headers: { X_KASABI_APIKEY: key } });
    }
    for (const startTime of [inMs(0), inMs(60_000)]) {
      assert.equal((await submitForm(stack, { jobType: 'reset', startTime })).status, 202);
    }
    // The last lines of the logs: what came before is there as well.
    for (const service of [stack.api, stack.status]) {
      const { headers } = await ask(`${service.url}/no/such`);
      const id = headers.get('x-request-id') ?? 'no request id';
      await waitFor(() => service.logs.some((line) => line.includes(id)), {
        what: `the log of ${service.name}`,
      });
    }
    const { rows } = await stack.database
      .pool()
      .query<{ row: string }>('SELECT to_jsonb(job)::text AS row FROM kasabi.job');
    const kept = {
      'the log of the api': stack.api.logs.join('\n'),
      'the log of the status service': stack.status.logs.join('\n'),
      Redis: await everythingIn(stack.redis.url),
      'the records': rows.map(({ row }) => row).join('\n'),
    };
    assert.equal(rows.length, await countRecords(stack));
    for (const [where, text] of Object.entries(kept)) {
      assert.ok(text.length > 500, `${where} holds something`);
      for (const secret of keys) {
        const bare = secret.replace('kasabi_', '');
        assert.ok(!text.includes(bare), `${where} holds a key`);
      }
    }
  });

  it("of an operator's own making is in no log line and no metric, wherever it was put", async () => {
    const db = stack.database.pool();
    const services = [stack.api, stack.status, stack.operations];
    const own = ['a-key-of-our-own', 'abcd1234efgh', crypto.randomUUID(), 'f'.repeat(32)];
    for (const secret of own) await issueKey(db, stack.owner, { secret });
    for (const key of own) {
      const good = { X_KASABI_APIKEY: stack.key };
      const places: [string, Record<string, string>?, string?][] = [
        [`/dataset/${key}/jobs`],
        [`/dataset/${key}/jobs`, { X_KASABI_APIKEY: key }],
        [`/dataset/${key}`],
        [`/dataset/${key}.ttl`],
        [`/dataset/${key}/status`],
        [`/${key}`],
        [`/data/nasa/jobs/${key}`, good],
        [`/data/nasa/jobs/${key}/events`, good],
        [`/data/${key}/jobs/${key}`, good],
        [`/data/nasa/jobs/${key}`, good, 'DELETE'],
        [`/dataset/nasa/jobs/${key}`, good, 'DELETE'],
        [`/dataset/nasa/jobs/${key}`, { X_KASABI_APIKEY: key }, 'DELETE'],
        [`/dataset/nasa/jobs&apikey=${key}`, good, 'POST'],
        [`/ops/jobs/${key}/cancel`, {}, 'POST'],
        ...['limit', 'cursor', 'status', 'startTime', 'jobType', 'api_key', key].flatMap(
          (name): [string, Record<string, string>, string][] => [
            [`/data/nasa/jobs?${name}=${key}`, good, 'GET'],
            [`/dataset/nasa/jobs?${name}=${key}`, good, 'POST'],
          ],
        ),
        ...[
          ...['X-Request-Id', 'Idempotency-Key', 'User-Agent', 'Referer', 'Cookie', 'Prefer'],
          ...['X-Forwarded-For', 'If-None-Match', 'Last-Event-ID', 'Content-Type', 'Accept'],
          ...['traceparent', 'tracestate', 'baggage', 'X-Kasabi-Service-Secret', 'Origin'],
        ].flatMap((name): [string, Record<string, string>, string][] => [
          ['/dataset/nasa/jobs?jobType=reset', { ...good, [name]: key }, 'POST'],
          [`${new URL(location).pathname}`, { ...good, [name]: key }, 'GET'],
        ]),
      ];
      for (const { url } of services) {
        for (const [path, headers = {}, method = 'GET'] of places) {
          const answer = await ask(`${url}${path}`, { method, headers });
          assert.ok(answer.status < 500, `${path} ${answer.status}`);
          assert.notEqual(answer.headers.get('x-request-id'), key);
        }
      }
    }
    for (const service of services) {
      const { headers } = await ask(`${service.url}/dataset/nasa/jobs`, { method: 'PUT' });
      const id = headers.get('x-request-id') ?? 'no request id';
      // It may be one of those that are counted only; then the count is the last line.
      await waitFor(
        () => service.logs.some((line) => line.includes(id) || line.includes('"turnedAway":')),
        { what: `the log of ${service.name}` },
      );
      const metrics = (await ask(`${service.url}/metrics`)).text;
      assert.match(metrics, /http_requests_total/);
      for (const key of own) {
        assert.ok(!service.logs.join('\n').includes(key), `${service.name} logs ${key}`);
        assert.ok(!metrics.includes(key), `${service.name} measures ${key}`);
      }
    }
  });

  it('is not told from its place: a password of Redis or Postgres is in no log either', () => {
    const { password: ofRedis = '' } = parseRedisUrl(stack.redis.url);
    for (const password of [ofRedis, new URL(stack.database.url).password]) {
      assert.ok(password.length > 10);
      for (const service of [stack.api, stack.status]) {
        assert.ok(!service.logs.join('\n').includes(password));
      }
    }
  });
});
