// A reset with keepExport=true: nothing is deleted without a file of it.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import { untilEnded } from '@kasabi/test/support/client';
import { demoFiles, type Exporting, exporting } from './support/exporting.ts';

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({ dataset: 'small' });
  jobs = exporting(stack);
});
after(() => stack?.stop());

const reset = { jobType: 'reset', keepExport: 'true' };

it('writes what it deletes to a file, from which it can be restored', async () => {
  await jobs.load('kept', demoFiles.schema);
  const before = await jobs.linesOf('kept');
  const { url, id, job } = await jobs.completed('kept', reset);
  const { result } = job;
  assert.ok(result !== null && 'url' in result);
  assert.deepEqual([result.quads, result.format], [before.length - 1, 'nq.gz']);
  assert.deepEqual(await jobs.linesOf('kept'), ['']);
  assert.equal((await jobs.download(result.url)).bytes.length, result.bytes);
  assert.equal(jobs.filesOf(url).length, 1);
  await jobs.restored('kept', id);
  assert.deepEqual(await jobs.linesOf('kept'), before);
});

it('deletes nothing where no file can be made, and makes none unless it is asked to', async () => {
  const pool = stack.database.pool();
  await pool.query(`INSERT INTO ${quadsTable(1)} VALUES ('<s:s>', '<s:p>', $1, '')`, ['"a\u0001"']);
  const { text: url } = await jobs.submit('small', reset);
  const job = await untilEnded(url, stack.key);
  assert.deepEqual([job.status, job.reason, job.result], ['failed', 'error', null]);
  assert.match(job.message ?? '', /There is no file, and nothing was changed/);
  const { rowCount } = await pool.query(`SELECT FROM ${quadsTable(1)}`);
  assert.equal(rowCount, 1);
  const plain = await jobs.completed('small', { ...reset, keepExport: 'false' });
  assert.equal(plain.job.result, null);
  const { status, text } = await jobs.submit('small', { ...reset, keepExport: 'yes' });
  assert.deepEqual([status, text], [400, 'keepExport must be true or false.\n']);
});
