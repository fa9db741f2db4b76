// Restores as their owners meet them: what was exported is there again.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createDataset, publishDataset, quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { parse } from 'oxigraph';
import { awkwardNQuads } from './support/awkward-quads.ts';
import { demoFiles, type Exporting, exporting, quadsOf, scope } from './support/exporting.ts';

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({ dataset: 'small' });
  jobs = exporting(stack);
});
after(() => stack?.stop());

/** The quads of a file by another parser than the loader's, each as a text, in order. */
const quadsByOxigraph = (nquads: string): string[] =>
  parse(nquads.replaceAll(scope, '_:'), { format: 'application/n-quads' })
    .map((quad) => quad.toString())
    .sort();

describe('a restore', () => {
  it('brings back each demo dataset as its source file has it, by two parsers', async () => {
    for (const [code, file] of Object.entries(demoFiles)) {
      await jobs.load(code, file);
      const source = readFileSync(file, 'utf8');
      const before = await jobs.linesOf(code);
      const { result, id } = await jobs.exported(code);
      await jobs.completed(code, { jobType: 'reset' });
      assert.deepEqual(await jobs.linesOf(code), ['']);
      const { result: done, job } = await jobs.restored(code, result.url);
      assert.deepEqual(done, { quads: result.quads, source: id, previousQuads: 0 });
      assert.deepEqual([job.message, job.progress], [null, null]);
      // Byte for byte: blank nodes keep their labels.
      assert.deepEqual(await jobs.linesOf(code), before);
      const { result: again } = await jobs.exported(code);
      const text = gunzipSync((await jobs.download(again.url)).bytes).toString();
      assert.deepEqual(quadsOf(text), quadsOf(source));
      assert.deepEqual(quadsByOxigraph(text), quadsByOxigraph(source));
    }
  });

  it('brings back every awkward term, and replaces what is there', async () => {
    const file = path.join(tmpdir(), `awkward-restored-${process.pid}.nq`);
    writeFileSync(file, awkwardNQuads());
    await jobs.load('awkward', file);
    rmSync(file);
    const before = await jobs.linesOf('awkward');
    for (const format of ['nq', 'nq.gz']) {
      const { url, id, result } = await jobs.exported('awkward', { format });
      await stack.database
        .pool()
        .query(
          `INSERT INTO ${quadsTable(await idOf('awkward'))} VALUES ('<s:>', '<p:>', '"more"', '')`,
        );
      // By the address of the job, too.
      const { result: done } = await jobs.restored('awkward', format === 'nq' ? url : id);
      assert.deepEqual(done, { quads: result.quads, source: id, previousQuads: result.quads + 1 });
      assert.deepEqual(await jobs.linesOf('awkward'), before);
    }
  });

  it('of an empty export empties another dataset of the owner, whose users are told', async () => {
    const { id } = await jobs.exported('small');
    await jobs.load('other', demoFiles.schema);
    await publishDataset(stack.database.pool(), 'other');
    const { result, job } = await jobs.restored('other', id);
    assert.equal(result.quads, 0);
    assert.ok(result.previousQuads > 1_000);
    assert.match(job.message ?? '', /find the data of the export afterwards/);
    const { text } = await ask(`${stack.statusUrl}/dataset/other/status`);
    assert.equal(JSON.parse(text).storageMode, 'read-write');
  });

  it('has no file, and is not what a dataset is described by', async () => {
    const { result } = await jobs.exported('small');
    const { url } = await jobs.completed('small', { jobType: 'restore', source: result.url });
    const { status, text } = await ask(url.replace('/jobs/', '/exports/'), {
      headers: jobs.headers,
    });
    assert.deepEqual([status, text], [404, 'This restore has no file: it is completed.\n']);
    await publishDataset(stack.database.pool(), 'small');
    const described = await ask(`${stack.statusUrl}/dataset/small.json`);
    assert.ok(described.text.includes(result.url));
  });
});

async function idOf(code: string): Promise<number> {
  const { rows } = await stack.database
    .pool()
    .query('SELECT id FROM kasabi.dataset WHERE code = $1', [code]);
  return rows[0].id;
}

describe('a restore that runs', () => {
  it('can be cancelled, stops within 2 s, and changes nothing; a running reset cannot', async () => {
    const pool = stack.database.pool();
    const { id } = await createDataset(pool, { code: 'large', owner: stack.owner });
    const table = quadsTable(id);
    await pool.query(
      `INSERT INTO ${table} SELECT '<s:' || n || '>', '<s:p>', '"' || repeat('x', 200) || n || '"', ''
       FROM generate_series(1, 1000000) AS n`,
    );
    const { id: source } = await jobs.exported('large');
    await pool.query(`INSERT INTO ${table} VALUES ('<s:s>', '<s:p>', '"later"', '')`);
    const { text: url } = await jobs.submit('large', { jobType: 'restore', source });
    const running = await waitFor(
      async () => {
        const job = JSON.parse((await ask(url, { headers: jobs.headers })).text);
        return job.progress?.quads > 0 ? job : undefined;
      },
      { what: 'progress' },
    );
    assert.deepEqual([running.status, running.progress.ofQuads], ['running', 1_000_000]);
    const mode = async (): Promise<string> =>
      JSON.parse((await ask(`${stack.statusUrl}/dataset/large/status`)).text).storageMode;
    assert.equal(await mode(), 'read-only');
    await assert.rejects(pool.query(`DELETE FROM ${table}`), { code: '25006' });
    const began = Date.now();
    const { status, text } = await ask(url, { method: 'DELETE', headers: jobs.headers });
    assert.equal(status, 200, text);
    await waitFor(async () => (await mode()) === 'read-write', { what: 'the dataset to be free' });
    const job = await untilEnded(url, stack.key);
    assert.deepEqual([job.status, job.reason, job.result], ['failed', 'cancelled', null]);
    assert.match(job.message ?? '', /^Cancelled by owner \(key \d+\) while it ran\.$/);
    await jobs.sessionsEnded();
    assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
    const { rows } = await pool.query(`SELECT count(*)::int AS quads FROM ${table}`);
    assert.equal(rows[0].quads, 1_000_001);
    const left = await pool.query(`SELECT relname FROM pg_class WHERE relname LIKE 'restored%'`);
    assert.deepEqual(left.rows, []);
    assert.equal((await ask(url, { method: 'DELETE', headers: jobs.headers })).status, 409);
    const { result } = await jobs.restored('large', source);
    assert.deepEqual([result.quads, result.previousQuads], [1_000_000, 1_000_001]);
  });
});
