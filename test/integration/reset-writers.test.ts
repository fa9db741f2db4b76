import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clearDataset, unlockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { isolationLevels, lock } from '@kasabi/test/support/store';
import { waitFor } from '@kasabi/test/support/wait-for';
import { type Contents, checkHistory, readContents } from './support/history.ts';
import { startWriters } from './support/writers.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const resets = 25;

for (const method of ['truncate', 'delete'] as const) {
  test(`writers at every level, COPY and loads beside ${resets} resets by ${method}: nothing slips in, survives or is lost`, async () => {
    const dataset = await fixture.addDataset();
    const { id: datasetId } = dataset;
    const writers = startWriters(fixture, dataset, {
      levels: isolationLevels,
      perLevel: 1,
      loads: 1,
    });
    const [complete, glimpses]: [Contents[], Contents[]] = [[], []];
    const waits: number[] = [];
    try {
      for (let reset = 0; reset < resets; reset += 1) {
        const done = writers.committed.length;
        await waitFor(() => writers.committed.length > done + 12, { what: 'writes', everyMs: 5 });
        glimpses.push(await readContents(fixture.admin, dataset));
        const begun = performance.now();
        const held = await lock(fixture.worker, datasetId);
        waits.push(performance.now() - begun);
        const locked = await readContents(fixture.admin, dataset);
        complete.push(locked);
        const refused = writers.failed.length;
        await waitFor(() => writers.failed.length > refused, { what: 'a refusal', everyMs: 2 });
        const still = await readContents(fixture.admin, dataset);
        assert.deepEqual([...still.subjects].sort(), [...locked.subjects].sort(), 'slipped in');
        await withTransaction(fixture.worker, async (client) => {
          const tries = method === 'truncate' ? 20 : 0;
          const limits = { truncateFromBytes: 0, truncateTimeoutMs: 500, truncateTries: tries };
          assert.equal(await clearDataset(client, { ...held, ...limits }), method);
          await unlockDataset(client, held);
        });
        glimpses.push(await readContents(fixture.admin, dataset));
      }
    } finally {
      await writers.stop();
    }
    complete.push(await readContents(fixture.admin, dataset));
    const found = checkHistory(writers, { complete, glimpses, everyFence: true });

    assert.equal(complete.length, resets + 1);
    assert.ok(found > resets * 12 * 3, `only ${found} subjects`);
    assert.ok(writers.loaded.length > 0, 'no load was committed');
    for (const state of ['25006', '40001', 'read-only']) {
      assert.ok(writers.refusals.has(state), `none was refused with ${state}`);
    }
    const longest = Math.max(...waits);
    assert.ok(longest < 1_000, `a lock waited ${longest} ms`);
  });
}

test('a lock is granted within a second under 8 steady writers, 30 times', async () => {
  const dataset = await fixture.addDataset();
  const writers = startWriters(fixture, dataset, {
    levels: ['READ COMMITTED', 'READ COMMITTED', 'SERIALIZABLE', 'REPEATABLE READ'],
    perLevel: 1,
    loads: 0,
  });
  const waits: number[] = [];
  try {
    for (let round = 0; round < 30; round += 1) {
      const done = writers.committed.length;
      await waitFor(() => writers.committed.length > done + 16, { what: 'writes', everyMs: 2 });
      const begun = performance.now();
      const held = await lock(fixture.worker, dataset.id);
      waits.push(performance.now() - begun);
      await unlockDataset(fixture.worker, held);
    }
  } finally {
    await writers.stop();
  }
  const longest = Math.max(...waits);
  assert.ok(longest < 1_000, `a lock waited ${longest} ms`);
});
