import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createBatcher } from './batcher.ts';

/** A Postgres error with this SQLSTATE. */
function databaseError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError('no', 2, 'error');
  error.code = code;
  return error;
}

interface DoublerOptions {
  readonly maxSize?: number;
  readonly minIntervalMs?: number;
  /** Decides what a batch rejects with. */
  readonly fail?: (batch: readonly number[]) => unknown;
}

/** A batcher that doubles numbers and notes its batches and when they began. */
function makeDoubler({ maxSize = 100, minIntervalMs = 0, fail }: DoublerOptions = {}) {
  const batches: (readonly number[])[] = [];
  const began: number[] = [];
  let [under, most] = [0, 0];
  const batcher = createBatcher<number, number>({
    name: 'doubling',
    maxSize,
    maxConcurrent: 2,
    minIntervalMs,
    run: async (batch) => {
      batches.push(batch);
      began.push(performance.now());
      under += 1;
      most = Math.max(most, under);
      await new Promise(setImmediate);
      under -= 1;
      const failure = fail?.(batch);
      if (failure !== undefined) throw failure;
      return batch.map((n) => n * 2);
    },
  });
  return { batcher, batches, began, mostAtOnce: () => most };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('what comes in one turn is one batch, and each has its own result', async () => {
  const { batcher, batches } = makeDoubler();
  const results = await Promise.all(numbers(50).map((n) => batcher.add(n)));
  assert.deepEqual(
    results,
    numbers(50).map((n) => n * 2),
  );
  assert.deepEqual(batches, [numbers(50)]);
});

test('batches are no larger, and no more at once, than allowed; the rest waits in order', async () => {
  const { batcher, batches, mostAtOnce } = makeDoubler({ maxSize: 10 });
  const adding = Promise.all(numbers(45).map((n) => batcher.add(n)));
  assert.equal(batcher.waiting, 45);
  await adding;
  assert.deepEqual([batcher.waiting, mostAtOnce()], [0, 2]);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [10, 10, 10, 10, 5],
  );
  assert.deepEqual(batches.flat(), numbers(45));
});

test('an item that Postgres refuses fails alone', async () => {
  const failure = databaseError('22008');
  const { batcher } = makeDoubler({ fail: (batch) => (batch.includes(3) ? failure : undefined) });
  const results = await Promise.allSettled(numbers(6).map((n) => batcher.add(n)));
  assert.deepEqual(
    results.map((it) => (it.status === 'fulfilled' ? it.value : it.reason)),
    [0, 2, 4, failure, 8, 10],
  );
});

test('when the connection broke nothing is run twice, and all are told', async () => {
  for (const failure of [new Error('Connection terminated unexpectedly'), databaseError('57P01')]) {
    const { batcher, batches } = makeDoubler({ fail: () => failure });
    const results = await Promise.allSettled(numbers(4).map((n) => batcher.add(n)));
    assert.ok(results.every((it) => it.status === 'rejected' && it.reason === failure));
    assert.equal(batches.length, 1);
  }
});

test('it goes on after a batch that failed', async () => {
  let first = true;
  const fail = () => {
    if (!first) return undefined;
    first = false;
    return new Error('no');
  };
  const { batcher } = makeDoubler({ fail });
  await assert.rejects(batcher.add(1), /no/);
  assert.equal(await batcher.add(2), 4);
});

test('batches keep their distance; what comes meanwhile is one', async () => {
  const minIntervalMs = 200;
  const { batcher, batches, began } = makeDoubler({ minIntervalMs });
  // The first batch counts from a moment after this one, and may note its own beginning later still.
  const before = performance.now();
  await batcher.add(0);
  const rest = [1, 2, 3].map(async (n) => {
    for (let turn = 0; turn < n; turn += 1) await new Promise(setImmediate);
    return await batcher.add(n);
  });
  assert.deepEqual(await Promise.all(rest), [2, 4, 6]);
  assert.deepEqual(batches, [[0], [1, 2, 3]]);
  const [, second = 0] = began;
  assert.ok(second - before >= minIntervalMs);
});
