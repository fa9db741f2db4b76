import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { fail, type JobFilter } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type BulkVerb, countForBulk, describeBulk, runBulk } from './bulk.ts';
import { countDatasets, searchDatasets } from './dataset-list.ts';
import { readOperatorActions } from './operator-actions.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const operatorAddress = '10.0.0.7';
const status = () => fixture.database.pool('status');

async function run(verb: BulkVerb, filter: JobFilter, signal?: AbortSignal) {
  const agreed = await countForBulk(fixture.api, verb, filter);
  return await runBulk(fixture.api, {
    verb,
    filter,
    agreed,
    operatorAddress,
    ...(signal !== undefined && { signal }),
  });
}

const statusesOf = async (ids: readonly string[]): Promise<unknown[]> =>
  Promise.all(ids.map(async (id) => (await fixture.read(id))['status']));

test('all scheduled jobs that a filter finds are cancelled, and nothing else; each is audited as a part', async () => {
  const [one, other] = [await fixture.addDataset('bulk-one'), await fixture.addDataset('bulk-two')];
  const wanted = await Promise.all(Array.from({ length: 20 }, () => fixture.accept(one, 60_000)));
  const running = await fixture.accept(one);
  await fixture.take(running);
  const kept = await fixture.accept(other, 60_000);
  const filter = { dataset: 'bulk-one' };
  const agreed = await countForBulk(status(), 'cancel', filter);
  assert.equal(agreed.count, 20);
  assert.equal(describeBulk('cancel', filter, 20), '20 scheduled jobs of the dataset bulk-one');
  const came = await run('cancel', filter);
  assert.ok(came.outcome === 'done');
  assert.deepEqual([came.outcomes, came.left], [{ done: 20 }, 0]);
  assert.deepEqual(new Set(await statusesOf(wanted)), new Set(['cancelled']));
  assert.deepEqual(await statusesOf([running, kept]), ['running', 'scheduled']);

  const actions = await readOperatorActions(status(), { limit: 5 });
  assert.deepEqual(
    actions.slice(0, 2).map(({ action, outcome, detail }) => [action, outcome, detail]),
    [
      ['cancel-all', 'done', '20 scheduled jobs of the dataset bulk-one: 20 done'],
      ['cancel-all', 'begun', '20 scheduled jobs of the dataset bulk-one'],
    ],
  );
  assert.equal(actions[1]?.id, came.actionId);
  const parts = await readOperatorActions(status(), { limit: 100, partOf: came.actionId });
  assert.deepEqual(parts.flatMap(({ jobId }) => jobId ?? []).sort(), [...wanted].sort());
});

test('failed jobs are repeated once each, whoever asks how often', async () => {
  const dataset = await fixture.addDataset('bulk-failed');
  const failed: string[] = [];
  for (const message of ['The disk is full.', 'The disk is full.', 'Something else.']) {
    const id = await fixture.accept(dataset);
    await fail(fixture.worker, await fixture.take(id), { reason: 'error', message });
    failed.push(id);
  }
  const filter = { dataset: 'bulk-failed', message: 'DISK is' };
  const [came, again] = [await run('retry', filter), await countForBulk(status(), 'retry', filter)];
  assert.ok(came.outcome === 'done');
  assert.deepEqual([came.outcomes, again.count], [{ done: 2 }, 0]);
  const { rows } = await fixture.admin.query<{ repeats: string }>(
    'SELECT repeats FROM kasabi.job WHERE repeats IS NOT NULL ORDER BY repeats',
  );
  assert.deepEqual(
    rows.map(({ repeats }) => repeats),
    failed.slice(0, 2).sort(),
  );
});

test('nothing is done to more jobs than were told, nor to newer ones', async () => {
  const dataset = await fixture.addDataset('bulk-agreed');
  const [first, second] = [
    await fixture.accept(dataset, 60_000),
    await fixture.accept(dataset, 60_000),
  ];
  const filter = { dataset: 'bulk-agreed' };
  const agreed = await countForBulk(status(), 'cancel', filter);
  const later = await fixture.accept(dataset, 60_000);
  const request = { verb: 'cancel', filter, operatorAddress } as const;
  const fewer = await runBulk(fixture.api, { ...request, agreed: { ...agreed, count: 1 } });
  assert.deepEqual(fewer, { outcome: 'changed', count: 2 });
  assert.deepEqual(await statusesOf([first, second, later]), [
    'scheduled',
    'scheduled',
    'scheduled',
  ]);
  await fixture.cancel(first);
  const came = await runBulk(fixture.api, { ...request, agreed });
  assert.ok(came.outcome === 'done');
  assert.deepEqual(came.outcomes, { done: 1 });
  assert.deepEqual(await statusesOf([first, second, later]), [
    'cancelled',
    'cancelled',
    'scheduled',
  ]);
});

test('what is stopped says how much is left, and the audit as well', async () => {
  const dataset = await fixture.addDataset('bulk-stopped');
  await Promise.all(Array.from({ length: 20 }, () => fixture.accept(dataset, 60_000)));
  const filter = { dataset: 'bulk-stopped' };
  const agreed = await countForBulk(status(), 'cancel', filter);
  const stop = new AbortController();
  const came = await runBulk(fixture.api, {
    ...{ verb: 'cancel', filter, agreed, operatorAddress, signal: stop.signal },
    onProgress: () => stop.abort(),
  });
  assert.ok(came.outcome === 'done');
  assert.ok(came.left > 0 && came.left < 20, `${came.left}`);
  assert.equal((await countForBulk(status(), 'cancel', filter)).count, came.left);
  const [end] = await readOperatorActions(status(), { limit: 1 });
  assert.deepEqual([end?.action, end?.outcome], ['cancel-all', 'stopped']);
  assert.match(end?.detail ?? '', new RegExp(`: ${20 - came.left} done, ${came.left} left$`));
});

test('a status that the verb is not for leaves nothing to do', async () => {
  for (const [verb, status] of [
    ['cancel', 'completed'],
    ['retry', 'scheduled'],
    ['retry', 'cancelled'],
  ] as const) {
    assert.equal((await countForBulk(fixture.api, verb, { status })).count, 0, `${verb} ${status}`);
  }
});

test('datasets are found by owner, code, status, lock and pause, in pages', async () => {
  await createOwner(fixture.admin, 'esa');
  for (const code of ['list-a', 'list-b', 'list-c']) {
    await createDataset(fixture.admin, { code, owner: 'esa' });
  }
  await fixture.admin.query(`
    UPDATE kasabi.dataset SET status = 'published', published = now() WHERE code = 'list-a';
    UPDATE kasabi.dataset SET storage_mode = 'read-only', locked_by = gen_random_uuid(), locked_at = now()
      WHERE code = 'list-b';
    INSERT INTO kasabi.pause (dataset_id, paused_by)
      SELECT id, 'a test' FROM kasabi.dataset WHERE code = 'list-c'`);
  const found = async (filter: object) =>
    (await searchDatasets(status(), { ...filter, limit: 10 })).map(({ code }) => code);
  assert.deepEqual(await found({ owner: 'esa' }), ['list-a', 'list-b', 'list-c']);
  assert.deepEqual(await found({ owner: 'esa', after: 'list-a' }), ['list-b', 'list-c']);
  assert.deepEqual(await found({ text: 'IST-', status: 'published' }), ['list-a']);
  assert.deepEqual(await found({ owner: 'esa', locked: true }), ['list-b']);
  assert.deepEqual(await found({ owner: 'esa', locked: false }), ['list-a', 'list-c']);
  assert.deepEqual(await found({ paused: true }), ['list-c']);
  assert.deepEqual(await found({ owner: 'nobody' }), []);
  assert.equal(await countDatasets(status(), { owner: 'esa' }), 3);
  const [agreed] = await searchDatasets(status(), { text: 'bulk-agreed', limit: 1 });
  assert.deepEqual([agreed?.scheduled, agreed?.owner, agreed?.paused], [1, 'nasa', false]);
});
