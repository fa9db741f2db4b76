// The files of exports: downloads of all kinds, who gets them, for how long, and where they are named.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset, publishDataset } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { Parser } from 'n3';
import { demoFiles, type Exporting, exporting } from './support/exporting.ts';

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({
    dataset: 'small',
    serviceEnv: { worker: { SWEEPER_INTERVAL_MS: '200' } },
  });
  jobs = exporting(stack);
  await jobs.load('schema', demoFiles.schema);
  await publishDataset(stack.database.pool(), 'small');
});
after(() => stack?.stop());

describe('the file of an export', () => {
  it('is served whole, in parts, and only if it is not known', async () => {
    const { result } = await jobs.exported('schema');
    const { response, bytes } = await jobs.download(result.url);
    const tag = response.headers.get('etag') ?? '';
    assert.match(tag, /^"[0-9a-f]{64}"$/);
    const digest = createHash('sha256').update(bytes).digest('base64');
    assert.equal(response.headers.get('repr-digest'), `sha-256=:${digest}:`);
    assert.equal(response.headers.get('accept-ranges'), 'bytes');
    assert.equal(response.headers.get('content-length'), String(bytes.length));
    const time = result.snapshotTime.replaceAll(/[-:]/g, '');
    assert.equal(
      response.headers.get('content-disposition'),
      `attachment; filename="schema-${time}.nq.gz"`,
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
      const part = await jobs.download(result.url, { Range: range, 'If-Range': tag });
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
      const all = await jobs.download(result.url, whole);
      assert.equal(all.response.status, 200, JSON.stringify(whole));
      assert.ok(all.bytes.equals(bytes));
    }
    const beyond = await jobs.download(result.url, { Range: `bytes=${size}-` });
    assert.equal(beyond.response.status, 416);
    assert.equal(beyond.response.headers.get('content-range'), `bytes */${size}`);
    const known = await jobs.download(result.url, { 'If-None-Match': tag });
    assert.deepEqual([known.response.status, known.bytes.length], [304, 0]);
    const head = await ask(result.url, {
      method: 'HEAD',
      headers: { ...jobs.headers, Range: 'bytes=0-0' },
    });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(size)]);
  });

  it('is for its owner alone, at its own address, until it expires', async () => {
    const { url, result } = await jobs.exported('schema');
    const pool = stack.database.pool();
    await createOwner(pool, 'other');
    const { secret: foreign } = await issueKey(pool, 'other');
    await createDataset(pool, { code: 'foreign', owner: 'other' });
    for (const key of [foreign, 'kasabi_unknown', '']) {
      assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: key } })).status, 401);
    }
    const elsewhere = result.url.replace('/schema/', '/small/');
    assert.equal((await ask(elsewhere, { headers: jobs.headers })).status, 404);
    const { text: reset } = await jobs.submit('small', { jobType: 'reset' });
    await untilEnded(reset, stack.key);
    const ofReset = reset.replace('/jobs/', '/exports/');
    const { status, text } = await ask(ofReset, { headers: jobs.headers });
    assert.deepEqual([status, text], [404, 'This reset has no file: it is completed.\n']);
    const { secret, keyId: id } = await issueKey(pool, stack.owner);
    assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: secret } })).status, 200);
    await pool.query('UPDATE kasabi.api_key SET revoked = now() WHERE id = $1', [id]);
    assert.equal((await ask(result.url, { headers: { X_KASABI_APIKEY: secret } })).status, 401);
    assert.equal(jobs.filesOf(url).length, 1);
    await jobs.expire(url, '-1 second');
    const gone = await ask(result.url, { headers: jobs.headers });
    assert.equal(gone.status, 410);
    assert.match(
      gone.text,
      /^The file of this export was kept until .*; ask for a new export\.\n$/,
    );
    await waitFor(() => jobs.filesOf(url).length === 0, { what: 'the file to be deleted' });
  });

  it('is named by the description of a published dataset, which is its first subject', async () => {
    const { result } = await jobs.exported('small');
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
