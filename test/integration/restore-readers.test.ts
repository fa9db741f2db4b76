import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import { submitForm, untilEnded } from '@kasabi/test/support/client';
import pg from 'pg';

const truncateTimeoutMs = 300;
const [oldQuads, newQuads] = [150_000, 200_000];
const readers = 50;

let stack: TestStack;
let table: string;

before(async () => {
  const limits = { TRUNCATE_TIMEOUT_MS: String(truncateTimeoutMs), TRUNCATE_TRIES: '3' };
  stack = await startStack({ serviceEnv: { worker: limits } });
  table = quadsTable(1);
});
after(() => stack?.stop());

const fill = (quads: number) =>
  stack.database.pool().query(
    `TRUNCATE ${table};
     INSERT INTO ${table} SELECT '<s:' || n || '>', '<s:p>', '"' || n || '"', '' FROM generate_series(1, ${quads}) n`,
  );

async function ended(parameters: Record<string, string>) {
  const { text } = await submitForm(stack, parameters, { X_KASABI_APIKEY: stack.key });
  const job = await untilEnded(text, stack.key, 120_000);
  assert.equal(job.status, 'completed', job.message ?? '');
  return text;
}

test('fifty readers see the old quads or the new ones, and none waits longer than for a reset', async () => {
  await fill(newQuads);
  const source = await ended({ jobType: 'export' });
  await fill(oldQuads);
  const seen = new Map<number, number>();
  let longest = 0;
  let usual = 0;
  let stopped = false;
  const poll = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: stack.database.url });
    await client.connect();
    try {
      while (!stopped) {
        // The lock is what a reader waits for; a count takes its time, whoever else is there.
        const begun = performance.now();
        await client.query(`BEGIN; SELECT FROM ${table} LIMIT 1`);
        longest = Math.max(longest, performance.now() - begun);
        const { rows } = await client.query(`SELECT count(*)::int AS quads FROM ${table}`);
        await client.query('COMMIT');
        seen.set(rows[0].quads, (seen.get(rows[0].quads) ?? 0) + 1);
        await sleep(Math.random() * 200);
      }
    } finally {
      await client.end();
    }
  };
  const polling = Array.from({ length: readers }, poll);
  await sleep(1_000);
  usual = longest;
  await ended({ jobType: 'restore', source });
  await sleep(500);
  stopped = true;
  await Promise.all(polling);
  assert.deepEqual([...seen.keys()].sort(), [oldQuads, newQuads]);
  // With fifty sessions on a few cores a reader waits for its turn as well: as long as without a restore.
  assert.ok(longest < truncateTimeoutMs + usual + 1_000, `${longest} ms, ${usual} ms before`);
});
