import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { ExportedFile } from '@kasabi/domain';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { complete } from './complete.ts';
import { newestExports } from './newest-exports.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

/** Exports a dataset to a file that is there for so many milliseconds, and returns the job's id. */
async function exported(dataset: Dataset, object: string, forMs: number): Promise<string> {
  const jobId = await fixture.accept(dataset, undefined, 'export');
  const file: ExportedFile = {
    ...{ object, format: 'nq', quads: 3, bytes: 200, sha256: '0'.repeat(64) },
    snapshotTime: new Date().toISOString(),
    expires: new Date(Date.now() + forMs).toISOString(),
  };
  await complete(fixture.worker, await fixture.take(jobId), file);
  return jobId;
}

test('the newest file of each dataset that is still there, in the order asked for', async () => {
  const [two, none, expired] = [
    await fixture.addDataset(),
    await fixture.addDataset(),
    await fixture.addDataset(),
  ];
  await exported(two, 'first', 60_000);
  const newest = await exported(two, 'second', 60_000);
  await exported(expired, 'gone', -1);
  const found = await newestExports(fixture.database.pool('status'), [none.id, two.id, expired.id]);
  assert.deepEqual(
    found.map((it) => it && [it.jobId, it.file.object]),
    [undefined, [newest, 'second'], undefined],
  );
});
