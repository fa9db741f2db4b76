// Exports and restores at the command line, and jobs that an operator asks for.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { getDataset, lockDataset, unlockDataset } from '@kasabi/datasets';
import { claim, complete, fail } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { waitFor } from '@kasabi/test/support/wait-for';
import { openCommands } from '../../test/commands.ts';

const { pool, database, admin, json, fails, folder, file, close } = await openCommands();
const source = '01a20890-2c31-7b0e-9d55-3f0c7a1be2d4';

before(async () => {
  await database.pool().query("UPDATE kasabi.beat SET at = 'infinity'");
  await admin('owner', 'create', 'esa');
  await admin('dataset', 'create', 'rosetta', '--owner', 'esa');
  const quads = '_:a <s:p> "\\u0041\\\\" <s:g> .\n<s:s> <s:p> "b"@en .\n';
  await admin('dataset', 'load', 'rosetta', file('rosetta.nq', quads));
});
after(close);

const place = (name: string): string => path.join(folder, name);
const exported = (name: string) =>
  json<{ quads: number }>('dataset', 'export', 'rosetta', place(name));

test('a dataset is written to a file, and comes back from it as it was', async () => {
  assert.equal((await exported('one.nq')).quads, 2);
  assert.equal((await exported('one.nq.gz')).quads, 2);
  const text = readFileSync(place('one.nq'), 'utf8');
  assert.equal(gunzipSync(readFileSync(place('one.nq.gz'))).toString(), text);
  assert.match(text, /^_:x[0-9a-f]{16}-\S+ <s:p> "A\\\\" <s:g> \.\n<s:s> <s:p> "b"@en \.\n$/);
  await fails(
    1,
    /one\.nq is there already; nothing was/,
    'dataset',
    'export',
    'rosetta',
    place('one.nq'),
  );
  for (const name of ['one.nq', 'one.nq.gz']) {
    await admin('dataset', 'load', 'rosetta', file('more.nq', '<s:x> <s:y> <s:z> .\n'));
    const restored = await json('dataset', 'restore', 'rosetta', place(name), '--yes');
    assert.deepEqual(restored, { code: 'rosetta', source: place(name), quads: 2 });
  }
  await exported('two.nq');
  assert.equal(readFileSync(place('two.nq'), 'utf8'), text);
  const { rows } = await pool.query(
    `SELECT action, detail FROM kasabi.operator_action WHERE action ~ '(export|restore)$' AND outcome = 'done' ORDER BY at`,
  );
  assert.deepEqual(
    rows.map(({ action, detail }) => `${action}: ${detail}`),
    [
      'dataset-export: 2 quads to one.nq',
      'dataset-export: 2 quads to one.nq.gz',
      'dataset-restore: 2 quads of one.nq',
      'dataset-restore: 2 quads of one.nq.gz',
      'dataset-export: 2 quads to two.nq',
    ],
  );
});

test('a restore that is refused or breaks off changes nothing', async () => {
  const restore = (name: string) => ['dataset', 'restore', 'rosetta', place(name), '--yes'];
  await exported('kept.nq');
  file('bad.nq', '<s:a> <s:b> <s:c> .\nnonsense\n');
  await fails(1, /Line 2 of the file is not a quad as an export writes it/, ...restore('bad.nq'));
  await fails(1, /no such file/, ...restore('missing.nq'));
  await fails(4, /replaces all data of the dataset rosetta/, ...restore('kept.nq').slice(0, -1));
  await fails(
    1,
    /There is no dataset "nowhere"/,
    'dataset',
    'restore',
    'nowhere',
    place('kept.nq'),
    '--yes',
  );
  await fails(1, /There is no dataset "nowhere"/, 'dataset', 'export', 'nowhere', place('no.nq'));
  const { id: datasetId } = await getDataset(pool, 'rosetta');
  const lock = { datasetId, jobId: source };
  await withTransaction(pool, (client) => lockDataset(client, { ...lock, timeoutMs: 1_000 }));
  await fails(1, /read-only while a job runs/, ...restore('kept.nq'));
  // Reading goes on.
  await exported('locked.nq');
  await unlockDataset(pool, lock);
  assert.equal(readFileSync(place('locked.nq'), 'utf8'), readFileSync(place('kept.nq'), 'utf8'));
  assert.ok(!existsSync(place('no.nq')) && !existsSync(place('no.nq.part')));
});

test('a job is asked for in the name of the owner, once they have a key', async () => {
  const submit = ['job', 'submit', 'rosetta'];
  await fails(1, /no valid API key/, ...submit, 'export');
  await admin('key', 'issue', 'esa');
  const { id } = await json<{ id: string }>(...submit, 'export', '--param', 'format=nq');
  const { rows } = await pool.query(
    `SELECT j.type, j.parameters, a.action, a.outcome FROM kasabi.job j
     JOIN kasabi.operator_action a ON a.job_id = j.id WHERE j.id = $1`,
    [id],
  );
  assert.deepEqual(rows, [
    { type: 'export', parameters: { format: 'nq' }, action: 'job-submit', outcome: 'done' },
  ]);
  const at = await json<{ id: string }>(...submit, 'reset', '--start-time', '2099-01-31');
  const shown = await json<{ startTime: string }>('job', 'show', at.id);
  assert.equal(shown.startTime, '2099-01-31T00:00:00.000Z');
  await fails(2, /format must be nq\.gz or nq/, ...submit, 'export', '--param', 'format=zip');
  await fails(
    2,
    /format=nq is not a parameter of reset, which has keepExport=…/,
    ...submit,
    'reset',
    '--param',
    'format=nq',
  );
  await fails(2, /The parameter source is missing/, ...submit, 'restore');
  await fails(2, /There are reset, export, restore/, ...submit, 'clear');
  await fails(1, /There is no dataset "nowhere"/, 'job', 'submit', 'nowhere', 'export');
  for (const job of [id, at.id]) await admin('job', 'cancel', job, '--yes');
});

test('a restore from an export is a job, whose end is waited for', async () => {
  const worker = database.pool('worker');
  const run = async (end: (job: Parameters<typeof complete>[1]) => Promise<unknown>) => {
    const restoring = admin('dataset', 'restore', 'rosetta', source, '--yes');
    const jobId = await waitFor(
      async () =>
        (await pool.query("SELECT id FROM kasabi.job WHERE status = 'scheduled'")).rows[0]?.id,
      { what: 'the job' },
    );
    const taken = await claim(worker, { jobId, holder: 'me', leaseMs: 60_000 });
    assert.ok(taken.outcome === 'claimed');
    assert.deepEqual(taken.claim.parameters, { source });
    await end(taken.claim);
    return await restoring;
  };
  const done = await run((job) => complete(worker, job, { quads: 7, source, previousQuads: 2 }));
  assert.deepEqual([done.code, done.out], [0, 'rosetta has 7 quads now.\n']);
  const failed = await run((job) => fail(worker, job, { reason: 'error', message: 'It is gone.' }));
  assert.equal(failed.code, 1);
  assert.match(failed.err, /^error: The job \S+ has failed: It is gone\. \[action-refused\]/);
});
