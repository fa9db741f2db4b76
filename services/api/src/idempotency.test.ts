// Asking for a job once, however often the request is sent.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { issueKey } from '@kasabi/accounts';
import { acceptJobs } from '@kasabi/jobs';
import { startStack, type TestService, type TestStack } from '@kasabi/test/support';
import { type Answer, ask, countRecords, jobsUrl } from '@kasabi/test/support/client';
import { createFixture } from '@kasabi/test/support/fixture';
import { addService } from '@kasabi/test/support/watch-services';
import type pg from 'pg';

const later = new Date(Date.now() + 3_600_000).toISOString();
const muchLater = new Date(Date.now() + 7_200_000).toISOString();

for (const limit of ['0', '1000']) {
  describe(`idempotent create, with MAX_OPEN_JOBS_PER_DATASET=${limit}`, () => {
    let stack: TestStack;
    let second: TestService;
    let pool: pg.Pool;

    before(async () => {
      const env = { MAX_OPEN_JOBS_PER_DATASET: limit };
      stack = await startStack({ workers: 0, serviceEnv: { api: env } });
      second = await addService(stack, 'api', env);
      pool = stack.database.pool();
    });
    after(async () => {
      await second?.stop();
      await stack?.stop();
    });

    const submit = (
      idempotencyKey: string,
      startTime: string = later,
      options: { readonly apiKey?: string; readonly url?: string } = {},
    ): Promise<Answer> =>
      ask(options.url ?? jobsUrl(stack), {
        method: 'POST',
        headers: {
          X_KASABI_APIKEY: options.apiKey ?? stack.key,
          'Idempotency-Key': idempotencyKey,
        },
        body: new URLSearchParams({ jobType: 'reset', startTime }),
      });
    const atSecond = (): string => jobsUrl(stack).replace(stack.apiUrl, second.url);

    /** Sends requests at once and returns how many records there are more. */
    async function recordsOf(requests: () => Promise<unknown>): Promise<number> {
      const earlier = await countRecords(stack);
      await requests();
      return (await countRecords(stack)) - earlier;
    }

    it('the same Idempotency-Key and payload replays the answer and makes no second job', async () => {
      const made = await recordsOf(async () => {
        const first = await submit('replayed');
        assert.equal(first.status, 202);
        for (const again of [
          await submit('replayed'),
          await submit('"replayed"'),
          await submit('replayed', later, { url: atSecond() }),
        ]) {
          assert.deepEqual([again.status, again.text], [202, first.text]);
          assert.equal(again.headers.get('location'), first.text);
        }
      });
      assert.equal(made, 1);
    });

    it('the same key with another payload is 422, and leaves the first as it is', async () => {
      const made = await recordsOf(async () => {
        const first = await submit('reused');
        const other = await submit('reused', muchLater);
        assert.equal(other.status, 422);
        assert.match(other.text, /new key for each job/);
        assert.equal((await submit('reused')).text, first.text);
      });
      assert.equal(made, 1);
    });

    it('parameters are the same when they mean the same, however they are written', async () => {
      const hour = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 3_600_000);
      const stem = hour.toISOString().slice(0, 16);
      const east = new Date(hour.getTime() + 3_600_000).toISOString().slice(0, 16);
      const made = await recordsOf(async () => {
        const first = await submit('meant', `${stem}:00Z`);
        assert.equal(first.status, 202, first.text);
        for (const same of [
          ...[`${stem}:00.000Z`, `${stem}:00+00:00`, `${stem}:00-00:00`, `${stem}Z`],
          ...[`${east}:00+01:00`, `${stem}:00z`.replace('T', ' '), `${stem}:00.0000000000000000Z`],
        ]) {
          assert.deepEqual([(await submit('meant', same)).text, same], [first.text, same]);
        }
        for (const other of [`${stem}:00.001Z`, `${stem}:01Z`, '2011-05-27T14:30:00Z']) {
          assert.equal((await submit('meant', other)).status, 422, other);
        }
      });
      assert.equal(made, 1);
    });

    it('requests at once with one key make one job, over two processes: 202 or 409', async () => {
      for (let round = 0; round < 10; round += 1) {
        const made = await recordsOf(async () => {
          const answers = await Promise.all(
            Array.from({ length: 16 }, (_, n) =>
              submit(`at-once-${round}`, later, n % 2 === 0 ? {} : { url: atSecond() }),
            ),
          );
          const accepted = answers.filter((it) => it.status === 202);
          assert.equal(new Set(accepted.map((it) => it.text)).size, 1);
          for (const refused of answers.filter((it) => it.status !== 202)) {
            assert.equal(refused.status, 409, refused.text);
            assert.equal(refused.headers.get('retry-after'), '1');
          }
        });
        assert.equal(made, 1, `round ${round}`);
      }
    });

    it('many keys at once, in opposite orders on two processes, all make their job', async () => {
      const names = Array.from({ length: 100 }, (_, n) => `crossing-${n}`);
      const made = await recordsOf(async () => {
        const answers = await Promise.all([
          ...names.map((name) => submit(name)),
          ...names.toReversed().map((name) => submit(name, later, { url: atSecond() })),
        ]);
        for (const { status, text } of answers) assert.ok([202, 409].includes(status), text);
      });
      assert.equal(made, names.length);
    });

    it("another API key's Idempotency-Key is another, also if it is the same owner's", async () => {
      const { secret: apiKey } = await issueKey(pool, stack.owner);
      const [mine, other] = [await submit('mine'), await submit('mine', muchLater, { apiKey })];
      assert.deepEqual([mine.status, other.status], [202, 202]);
      assert.notEqual(mine.text, other.text);
    });

    it('a key that is malformed or comes twice is 400, of somebody without a key 401', async () => {
      const made = await recordsOf(async () => {
        for (const bad of ['', ' ', '""', 'two words', 'caf\u00e9', 'x'.repeat(256)]) {
          const { status, text } = await submit(bad);
          assert.equal(status, 400, bad);
          assert.match(text, /Idempotency-Key must be 1 to 255 printable ASCII/);
          assert.equal((await submit(bad, later, { apiKey: 'wrong' })).status, 401);
        }
        assert.equal((await submit('x, x')).status, 400);
      });
      assert.equal(made, 0);
      assert.equal((await submit('x'.repeat(255))).status, 202);
    });

    it('a key is remembered for 24 hours, and stands for a new job afterwards', async () => {
      const age = (interval: string) =>
        pool.query(
          `UPDATE kasabi.idempotency SET created = created - $1::interval WHERE key = 'aged'`,
          [interval],
        );
      const first = await submit('aged');
      await age('23 hours 59 minutes');
      assert.equal((await submit('aged')).text, first.text);
      await age('1 minute');
      const made = await recordsOf(async () => {
        const answers = await Promise.all([submit('aged', muchLater), submit('aged', muchLater)]);
        const accepted = answers.filter((it) => it.status === 202);
        assert.ok(accepted.length > 0);
        for (const { text } of accepted) assert.notEqual(text, first.text);
      });
      assert.equal(made, 1);
    });
  });
}

it('two requests with one Idempotency-Key in one statement leave the others of it alone', async () => {
  const fixture = await createFixture();
  try {
    const { code: datasetCode } = await fixture.addDataset();
    const asked = { keyDigest: fixture.keyDigest, datasetCode, type: 'reset' } as const;
    const keyed = (byte: number) => ({
      ...asked,
      startTime: undefined,
      idempotency: { key: 'k', fingerprint: Buffer.alloc(32, byte) },
    });
    const requests = [keyed(1), { ...asked, startTime: undefined }, keyed(1), keyed(2)];
    const outcomes = await acceptJobs(fixture.api, requests, { maxScheduleDays: 1 });
    assert.deepEqual(
      outcomes.map((it) => it.outcome),
      ['accepted', 'accepted', 'in-flight', 'in-flight'],
    );
  } finally {
    await fixture.close();
  }
});
