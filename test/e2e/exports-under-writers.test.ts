// Exports while others write: each is a state between two commits.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import pg from 'pg';
import { type Exporting, exporting } from './support/exporting.ts';

const writers = 8;
const exports = 6;
const rowsOfBatch = 40;

let stack: TestStack;
let jobs: Exporting;

before(async () => {
  stack = await startStack({ dataset: 'small' });
  jobs = exporting(stack);
});
after(() => stack?.stop());

/** A batch is one transaction of several statements; each of its rows has the digest of all of them. */
const objectsOf = (batch: string): string[] => {
  const values = Array.from({ length: rowsOfBatch }, (_, n) => `${batch}-${n}`);
  const digest = createHash('sha256').update(values.join()).digest('hex');
  return values.map((value) => `"${value} ${digest}"`);
};

interface Batch {
  readonly name: string;
  readonly begun: number;
  committed: number;
}

async function write(writer: number, batches: Batch[], isOver: () => boolean): Promise<void> {
  const client = new pg.Client({ connectionString: stack.database.url });
  await client.connect();
  try {
    for (let number = 0; !isOver(); number += 1) {
      const batch = { name: `w${writer}b${number}`, begun: Date.now(), committed: Infinity };
      batches.push(batch);
      const objects = objectsOf(batch.name);
      await client.query('BEGIN');
      for (const part of [objects.slice(0, 13), objects.slice(13)]) {
        await client.query(
          `INSERT INTO ${quadsTable(1)} SELECT '<s:' || $1 || '>', '<s:p>', o, '' FROM unnest($2::text[]) o`,
          [batch.name, part],
        );
      }
      await client.query('COMMIT');
      batch.committed = Date.now();
    }
  } finally {
    await client.end();
  }
}

test('each export under eight writers has every batch whole or not at all, by the time of its snapshot', async () => {
  const batches: Batch[] = [];
  let over = false;
  const writing = Array.from({ length: writers }, (_, n) => write(n, batches, () => over));
  const made: { askedAt: number; endedAt: number; url: string; quads: number }[] = [];
  for (let number = 0; number < exports; number += 1) {
    const askedAt = Date.now();
    const { result } = await jobs.exported('small', { format: 'nq' });
    made.push({ askedAt, endedAt: Date.now(), url: result.url, quads: result.quads });
  }
  over = true;
  await Promise.all(writing);
  let partly = 0;
  for (const { askedAt, endedAt, url, quads } of made) {
    const { bytes } = await jobs.download(url);
    const lines = bytes.toString().split('\n').slice(0, -1);
    assert.equal(lines.length, quads);
    const found = new Map<string, string[]>();
    for (const line of lines) {
      const [, name = '', object = ''] = /^<s:(\w+)> <s:p> (".*") \.$/.exec(line) ?? [];
      found.set(name, [...(found.get(name) ?? []), object]);
    }
    for (const { name, begun, committed } of batches) {
      const rows = found.get(name);
      if (rows !== undefined) assert.deepEqual(rows.sort(), objectsOf(name).sort(), name);
      if (committed < askedAt)
        assert.ok(rows, `${name} was committed before the export was asked for`);
      if (begun > endedAt) assert.equal(rows, undefined, `${name} began after the export`);
    }
    if (found.size > 0 && found.size < batches.length) partly += 1;
  }
  assert.ok(partly >= exports - 1, 'writers wrote while it was exported');
});
