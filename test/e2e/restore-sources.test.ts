// What can be restored from, and what is said of everything else.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import { ask, inMs, untilEnded } from '@kasabi/test/support/client';
import { demoFiles, type Exporting, exporting } from './support/exporting.ts';

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({ dataset: 'small' });
  jobs = exporting(stack);
});
after(() => stack?.stop());

describe('a source', () => {
  it('that cannot be restored from is refused, and says why', async () => {
    const pool = stack.database.pool();
    const { url, id } = await jobs.exported('small');
    const { url: old } = await jobs.exported('small');
    await jobs.expire(old, '-1 second');
    const { url: reset } = await jobs.completed('small', { jobType: 'reset' });
    const later = await jobs.submit('small', { jobType: 'export', startTime: inMs(600_000) });
    await createOwner(pool, 'stranger');
    const foreign = (await issueKey(pool, 'stranger')).secret;
    await createDataset(pool, { code: 'strange', owner: 'stranger' });
    const noFile = (sentence: string) => [400, `The ${sentence}\n`] as const;
    const unknown = [
      404,
      'There is no such export to restore from, or it is not of this owner.\n',
    ] as const;
    for (const [source, answer] of [
      [
        undefined,
        [400, 'The parameter source is missing; it must be the id or the address of an export.\n'],
      ],
      ['last', [400, 'source must be the id or the address of an export.\n']],
      [`${url}?x=1`, [400, 'source must be the id or the address of an export.\n']],
      [crypto.randomUUID(), unknown],
      [reset, noFile('reset that source names has made no file: it is completed.')],
      [
        later.text,
        noFile('export that source names is still scheduled; ask again when it has completed.'),
      ],
    ] as const) {
      const { status, text } = await jobs.submit('small', {
        jobType: 'restore',
        ...(source !== undefined && { source }),
      });
      assert.deepEqual([status, text], answer, source);
    }
    const gone = await jobs.submit('small', { jobType: 'restore', source: old });
    assert.equal(gone.status, 410);
    assert.match(gone.text, /^The file of this export was kept until /);
    const afterwards = { startTime: inMs(8 * 86_400_000) };
    const late = await jobs.submit('small', { jobType: 'restore', source: id, ...afterwards });
    assert.equal(late.status, 400);
    assert.match(late.text, /^The file of the export is kept until .*; the restore must start/);
    // Another owner's export is not there for somebody else; nor is anything without a key.
    const submitAs = (code: string, key: string) =>
      ask(`${stack.apiUrl}/dataset/${code}/jobs`, {
        method: 'POST',
        headers: { X_KASABI_APIKEY: key },
        body: new URLSearchParams({ jobType: 'restore', source: id }),
      });
    const stolen = await submitAs('strange', foreign);
    assert.deepEqual([stolen.status, stolen.text], unknown);
    for (const key of [foreign, 'wrong']) assert.equal((await submitAs('small', key)).status, 401);
    assert.equal((await submitAs('nowhere', stack.key)).status, 404);
  });

  it('that turns out to be gone or damaged fails the job, and changes nothing', async () => {
    const dataset = await jobs.load('kept', demoFiles.schema);
    const before = await jobs.linesOf('kept');
    const damage: Readonly<Record<string, (file: string) => void>> = {
      'The file of the export is damaged.': (file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
      'The file of the export is gone.': (file) => rmSync(file),
    };
    const shorten = (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -200));
    // Of the right form, but not what was exported: only the digest tells.
    const change = (file: string) =>
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"[a-z]/i, '"#'));
    for (const [format, sentence, spoil] of [
      ...Object.entries(damage).map(([text, spoil]) => ['nq.gz', text, spoil] as const),
      ['nq.gz', 'The file of the export is damaged.', shorten],
      ['nq', 'The file of the export is damaged.', shorten],
      ['nq', 'The file of the export is damaged.', change],
    ] as const) {
      const { url, id } = await jobs.exported('kept', { format });
      const [name = ''] = jobs.filesOf(url);
      spoil(jobs.placeOf(name));
      const { text } = await jobs.submit('kept', { jobType: 'restore', source: id });
      const job = await untilEnded(text, stack.key);
      assert.deepEqual([job.status, job.reason, job.result], ['failed', 'error', null]);
      assert.ok(job.message?.startsWith(`${sentence} Nothing was changed;`), job.message ?? '');
    }
    const { url, id } = await jobs.exported('kept');
    const scheduled = await jobs.submit('kept', {
      ...{ jobType: 'restore', source: id, startTime: inMs(1_500) },
    });
    await jobs.expire(url, '-1 second');
    const job = await untilEnded(scheduled.text, stack.key);
    assert.match(
      job.message ?? '',
      /^The file of the export was kept until .* Nothing was changed;/,
    );
    assert.deepEqual(await jobs.linesOf('kept'), before);
    const { rows } = await stack.database
      .pool()
      .query(`SELECT storage_mode FROM kasabi.dataset WHERE id = $1`, [dataset.id]);
    assert.equal(rows[0].storage_mode, 'read-write');
  });
});
