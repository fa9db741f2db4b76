// Exports as their owners meet them: asked for, watched, downloaded, and the same quads as were loaded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createDataset, publishDataset, quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, inMs, untilEnded } from '@kasabi/test/support/client';
import { awkwardNQuads } from './support/awkward-quads.ts';
import { demoFiles, type Exporting, exporting, quadsOf } from './support/exporting.ts';

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({
    dataset: 'small',
    serviceEnv: { worker: { SWEEPER_INTERVAL_MS: '200' } },
  });
  jobs = exporting(stack);
});
after(() => stack?.stop());

describe('an export', () => {
  it('of each demo dataset has the quads of its source file', async () => {
    for (const [code, file] of Object.entries(demoFiles)) {
      await jobs.load(code, file);
      const { result } = await jobs.exported(code);
      const { response, bytes } = await jobs.download(result.url);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-encoding'), null);
      assert.equal(bytes.length, result.bytes);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), result.sha256);
      const quads = quadsOf(gunzipSync(bytes).toString());
      assert.equal(quads.length, result.quads);
      assert.deepEqual(quads, quadsOf(readFileSync(file, 'utf8')));
    }
  });

  it('has every awkward term as it was loaded, compressed or not', async () => {
    const file = path.join(tmpdir(), `awkward-${process.pid}.nq`);
    const source = awkwardNQuads();
    writeFileSync(file, source);
    await jobs.load('awkward', file);
    rmSync(file);
    for (const format of ['nq', 'nq.gz']) {
      const { result } = await jobs.exported('awkward', { format });
      const { bytes, response } = await jobs.download(result.url);
      const type = format === 'nq' ? 'application/n-quads' : 'application/gzip';
      assert.equal(response.headers.get('content-type'), type);
      const text = (format === 'nq' ? bytes : gunzipSync(bytes)).toString();
      assert.deepEqual(quadsOf(text), quadsOf(source));
    }
  });

  it('of an empty dataset is a valid empty file', async () => {
    for (const format of ['nq', 'nq.gz']) {
      const { result } = await jobs.exported('small', { format });
      assert.equal(result.quads, 0);
      const { bytes, response } = await jobs.download(result.url);
      assert.equal(response.status, 200);
      assert.equal((format === 'nq' ? bytes : gunzipSync(bytes)).length, 0);
    }
  });

  it('is refused where a stored term has a character that no file may have', async () => {
    const pool = stack.database.pool();
    const { id } = await createDataset(pool, { code: 'spoilt', owner: stack.owner });
    for (const term of ['"a\u0001b"', '"a\u0002b"', '"a\nb"', '"a\rb"', '']) {
      await pool.query(`TRUNCATE ${quadsTable(id)}`);
      await pool.query(`INSERT INTO ${quadsTable(id)} VALUES ('<s:s>', '<s:p>', $1, '')`, [term]);
      const { text: url } = await jobs.submit('spoilt', { jobType: 'export', format: 'nq' });
      const job = await untilEnded(url, stack.key);
      if (term === '') assert.equal(job.status, 'completed');
      else {
        assert.deepEqual([job.status, job.reason, job.result], ['failed', 'error', null], term);
        assert.match(job.message ?? '', /control character/);
      }
    }
  });

  it('keeps its place among the jobs of its dataset: a reset that follows finds its turn', async () => {
    await jobs.load('ordered', demoFiles.schema);
    const { text: first } = await jobs.submit('ordered', { jobType: 'export' });
    const { text: second } = await jobs.submit('ordered', { jobType: 'reset' });
    const [made, cleared] = [
      await untilEnded(first, stack.key),
      await untilEnded(second, stack.key),
    ];
    assert.equal(cleared.status, 'completed');
    assert.ok((made.result?.quads ?? 0) > 1_000, 'it was exported before it was cleared');
    assert.equal((await jobs.exported('ordered')).result.quads, 0);
  });

  it('has no notice of a reset, and a document that is kept no longer than its file', async () => {
    await publishDataset(stack.database.pool(), 'small');
    const { url, job } = await jobs.exported('small');
    assert.equal(job.message, null);
    const { headers: fresh } = await ask(url, { headers: jobs.headers });
    assert.equal(fresh.get('cache-control'), 'private, max-age=3600');
    await jobs.expire(url, '30 seconds');
    const { headers: late } = await ask(url, { headers: jobs.headers });
    const seconds = Number(/max-age=(\d+)/.exec(late.get('cache-control') ?? '')?.[1]);
    assert.ok(seconds > 20 && seconds <= 30, `max-age=${seconds}`);
  });

  it('that runs can be cancelled, stops within 2 s, and leaves nothing', async () => {
    const pool = stack.database.pool();
    const { id } = await createDataset(pool, { code: 'large', owner: stack.owner });
    await pool.query(
      `INSERT INTO ${quadsTable(id)} SELECT '<s:' || n || '>', '<s:p>', '"' || repeat('x', 200) || n || '"', ''
       FROM generate_series(1, 2000000) AS n`,
    );
    const { text: url } = await jobs.submit('large', { jobType: 'export' });
    const running = await waitFor(
      async () => {
        const { text } = await ask(url, { headers: jobs.headers });
        const job = JSON.parse(text);
        return job.progress?.quads > 0 ? job : undefined;
      },
      { what: 'progress' },
    );
    assert.deepEqual([running.status, running.result], ['running', null]);
    assert.ok(running.progress.bytes > 0);
    const { status, text } = await ask(url, { method: 'DELETE', headers: jobs.headers });
    assert.equal(status, 200, text);
    const began = Date.now();
    const job = await untilEnded(url, stack.key);
    assert.deepEqual([job.status, job.reason, job.progress], ['failed', 'cancelled', null]);
    assert.match(job.message ?? '', /^Cancelled by owner \(key \d+\) while it ran\.$/);
    await jobs.sessionsEnded();
    assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
    await waitFor(() => jobs.filesOf(url).length === 0, { what: 'its file to go' });
    assert.equal((await ask(url, { method: 'DELETE', headers: jobs.headers })).status, 409);
  });
});

it('a parameter of another type, and a wrong format, are named', async () => {
  for (const [parameters, sentence] of [
    [
      { jobType: 'reset', format: 'nq' },
      'format is a parameter of export, not of reset; leave it out, or ask for jobType=export.\n',
    ],
    [{ jobType: 'export', format: 'ttl' }, 'format must be nq.gz or nq.\n'],
    [{ jobType: 'exprot' }, 'There is no such jobType; did you mean export?\n'],
    [{ jobType: 'export', formt: 'nq' }, 'formt is not a parameter here; did you mean format?\n'],
  ] as const) {
    const { status, text } = await jobs.submit('small', { ...parameters, startTime: inMs(60_000) });
    assert.deepEqual([status, text], [400, sentence]);
  }
});
