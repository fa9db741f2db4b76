import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fail } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type InProcessRun, runInProcess } from '@kasabi/test/support/in-process';
import { runAdmin } from '../program.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const admin = (...args: string[]): Promise<InProcessRun> =>
  runInProcess(runAdmin, args, { DATABASE_URL: fixture.database.url });

test('all that the options find is cancelled after a question with the count', async () => {
  const dataset = await fixture.addDataset('books');
  const ids = [await fixture.accept(dataset, 60_000), await fixture.accept(dataset, 60_000)];
  const kept = await fixture.accept(await fixture.addDataset('kept'), 60_000);
  const asked = await admin('job', 'cancel-all', '--dataset', 'books');
  assert.equal(asked.code, 4);
  assert.match(
    asked.err,
    /This will cancel 2 scheduled jobs of the dataset books\. They will not run/,
  );
  assert.match(asked.err, /--yes/);
  assert.equal((await fixture.read(ids[0] ?? ''))['status'], 'scheduled');
  const done = await admin('job', 'cancel-all', '--dataset', 'books', '--yes', '--json');
  assert.deepEqual([done.code, JSON.parse(done.out).outcomes], [0, { done: 2 }]);
  for (const id of ids) assert.equal((await fixture.read(id))['status'], 'cancelled');
  assert.equal((await fixture.read(kept))['status'], 'scheduled');
  const none = await admin('job', 'cancel-all', '--dataset', 'books', '--yes');
  assert.equal(none.code, 1);
  assert.match(none.err, /There are no scheduled jobs of the dataset books; nothing was changed/);
});

test('all that failed is repeated; lists are filtered by the same options', async () => {
  const id = await fixture.accept(await fixture.addDataset('failed'));
  const message = 'The disk is full.';
  await fail(fixture.worker, await fixture.take(id), { reason: 'error', message });
  const filter = ['--owner', 'nasa', '--message', 'DISK', '--time', 'ended', '--from', '1h'];
  const list = await admin('job', 'list', ...filter, '--json');
  assert.deepEqual(
    JSON.parse(list.out).map((job: { id: string }) => job.id),
    [id],
  );
  const done = await admin('job', 'retry-all', ...filter, '--yes');
  assert.deepEqual([done.code, done.out, done.err], [0, '1 done.\n', '']);
});

test('what is misspelt is told, and nothing is listed or done', async () => {
  const refused = async (code: number, error: RegExp, ...args: string[]) => {
    const run = await admin('job', ...args);
    assert.deepEqual([run.code, run.out], [code, ''], args.join(' '));
    assert.match(run.err, error);
  };
  await refused(
    2,
    /There is no status "canceled"; did you mean cancelled\?/,
    'list',
    '--status',
    'canceled',
  );
  await refused(2, /There is no time "begun"/, 'list', '--time', 'begun');
  await refused(2, /such as 2026-11-25/, 'cancel-all', '--from', 'yesterday');
  await refused(1, /There is no owner "nobody"/, 'list', '--owner', 'nobody');
  await refused(1, /There is no owner "nobody"/, 'cancel-all', '--owner', 'nobody', '--yes');
  await refused(1, /There is no dataset "nowhere"/, 'retry-all', '--dataset', 'nowhere', '--yes');
});

test('datasets are listed by owner and state, in pages', async () => {
  const codes = async (...args: string[]): Promise<string[]> =>
    JSON.parse((await admin('dataset', 'list', ...args, '--json')).out).map(
      ({ code }: { code: string }) => code,
    );
  const all = await codes();
  assert.deepEqual(await codes('--limit', '2', '--after', all[0] ?? ''), all.slice(1, 3));
  assert.deepEqual(await codes('--owner', 'nasa'), all);
  assert.deepEqual(await codes('--locked'), []);
  assert.deepEqual(await codes('--status', 'draft', '--text', 'book'), ['books']);
  const page = await admin('dataset', 'list', '--limit', '1');
  assert.match(page.out, new RegExp(`1 of ${all.length}; for the next page: --after ${all[0]}`));
  assert.equal((await admin('dataset', 'list', '--status', 'publisched')).code, 2);
});
