import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Dataset, FencedOut, getDataset, lockDataset, quadsTable } from '@kasabi/datasets';
import { type Claim, LeaseLost, rescue } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { createReset } from '@kasabi/worker/handlers/reset';

// The handler, held up at the one place between its two transactions: where it logs that it has locked.

let fixture: Fixture;
let dataset: Dataset;
let held: Claim;

before(async () => {
  fixture = await createFixture();
});

beforeEach(async () => {
  dataset = await fixture.addDataset();
  held = await fixture.take(await fixture.accept(dataset), { holder: 'slow' });
  await write('old');
});

after(async () => {
  await fixture.close();
});

const write = (subject: string) =>
  fixture.admin.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('${subject}', 'p', 'o')`);

async function subjects(): Promise<string[]> {
  const { rows } = await fixture.admin.query<{ subject: string }>(
    `SELECT subject FROM ${quadsTable(dataset.id)} ORDER BY subject`,
  );
  return rows.map((row) => row.subject);
}

const registry = () => getDataset(fixture.admin, dataset.code);

/** Takes the job from its worker, as though it had been silent for too long. */
async function lose(): Promise<void> {
  await fixture.admin.query(
    "UPDATE kasabi.job SET lease_expires = now() - interval '1 s' WHERE id = $1",
    [held.jobId],
  );
  const rescued = await rescue(fixture.worker, { maxAttempts: 5, limit: 100 });
  assert.deepEqual(
    rescued.map((it) => it.jobId),
    [held.jobId],
  );
}

/** Runs the handler; `meanwhile` happens between its lock and its clearing. */
async function run(
  claim: Claim,
  meanwhile: () => Promise<void> = async () => undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  let happening: Promise<void> | undefined;
  const info = () => {
    happening ??= meanwhile();
  };
  const ignored = () => undefined;
  // A pool that hands out a connection when what happens meanwhile has happened.
  const pool = {
    options: fixture.worker.options,
    connect: async () => {
      await happening;
      return fixture.worker.connect();
    },
  };
  const limits = { truncateFromBytes: 0, truncateTimeoutMs: 500, truncateTries: 3 };
  await createReset(
    { lockTimeoutMs: 1_000, ...limits },
    undefined as never,
  )({
    ...{ claim, signal, log: { info, debug: ignored } },
    ...{ pool, upkeep: fixture.worker },
    metrics: { lockWaited: ignored, cleared: ignored },
  } as never);
}

test('a reset clears, unlocks and completes', async () => {
  await run(held, async () => {
    assert.equal((await registry()).storageMode, 'read-only');
    assert.deepEqual(await subjects(), ['old']);
  });
  assert.deepEqual([await subjects(), (await registry()).storageMode], [[], 'read-write']);
  const { status, fence } = await fixture.read(held.jobId);
  assert.deepEqual([status, Number(fence)], ['completed', 1]);
});

test('a worker that lost its job before its lock locks nothing', async () => {
  await lose();
  const [record, row] = [await fixture.record(held.jobId), await registry()];
  await assert.rejects(run(held), LeaseLost);
  assert.deepEqual([await fixture.record(held.jobId), await registry()], [record, row]);
  assert.deepEqual(await subjects(), ['old']);
});

test('a worker that lost its job after its lock clears nothing', async () => {
  await assert.rejects(
    run(held, async () => {
      await lose();
      await write('new');
    }),
    FencedOut,
  );
  assert.deepEqual(await subjects(), ['new', 'old']);
  assert.equal((await registry()).storageMode, 'read-write');
});

test('a worker whose job another has finished since its lock deletes nothing of what came after', async () => {
  await assert.rejects(
    run(held, async () => {
      await lose();
      await run(await fixture.take(held.jobId, { holder: 'quick' }));
      await write('new');
    }),
    FencedOut,
  );
  assert.deepEqual(await subjects(), ['new']);
  const { status, attempt } = await fixture.read(held.jobId);
  assert.deepEqual([status, attempt], ['completed', 2]);
});

test('a worker whose dataset another attempt has locked neither clears nor unlocks it', async () => {
  await assert.rejects(
    run(held, async () => {
      await lose();
      const { jobId } = await fixture.take(held.jobId, { holder: 'quick' });
      const request = { datasetId: dataset.id, jobId, timeoutMs: 1_000 };
      await withTransaction(fixture.worker, (client) => lockDataset(client, request));
    }),
    FencedOut,
  );
  assert.deepEqual(await subjects(), ['old']);
  const { storageMode, fence } = await registry();
  assert.deepEqual([storageMode, fence], ['read-only', 2]);
});

test('effect and record are one commit: a record that cannot be completed leaves the data', async () => {
  const meanwhile = async () =>
    void (await fixture.admin.query(
      "UPDATE kasabi.job SET lease_holder = 'another' WHERE id = $1",
      [held.jobId],
    ));
  await assert.rejects(run(held, meanwhile), LeaseLost);
  assert.deepEqual(await subjects(), ['old']);
});

test('a job that has to be given back after its lock clears nothing', async () => {
  const aborting = new AbortController();
  const meanwhile = async () => aborting.abort(new Error('the worker shuts down'));
  await assert.rejects(run(held, meanwhile, aborting.signal), /shuts down/);
  assert.deepEqual(await subjects(), ['old']);
});
