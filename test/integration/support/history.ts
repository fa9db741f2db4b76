import assert from 'node:assert/strict';
import { type Dataset, quadsTable } from '@kasabi/datasets';
import type { Database } from '@kasabi/postgres';
import type { Writers } from './writers.ts';

/** What a dataset held at one moment: its subjects, and the registry row of the same snapshot. */
export interface Contents {
  readonly fence: number;
  readonly storageMode: string;
  readonly subjects: readonly string[];
}

/** One statement, so one snapshot. */
export async function readContents(db: Database, dataset: Dataset): Promise<Contents> {
  const { rows } = await db.query<{ fence: string; storage_mode: string; subjects: string[] }>(
    `SELECT fence, storage_mode,
            (SELECT coalesce(array_agg(subject), '{}') FROM ${quadsTable(dataset.id)}) AS subjects
     FROM kasabi.dataset WHERE id = $1`,
    [dataset.id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`There is no dataset ${dataset.id}.`);
  return { fence: Number(row.fence), storageMode: row.storage_mode, subjects: row.subjects };
}

/** The fence under which what a dataset held was written: that of the lock is the next. */
const writtenUnder = ({ fence, storageMode }: Contents): number =>
  storageMode === 'read-only' ? fence - 1 : fence;

/**
 * Checks what a dataset held against every write that was committed. `complete` are contents of moments
 * at which no write can have been in flight: locked, or after all writers have stopped. They hold exactly
 * what was written since the unlock before: nothing older survived a clear, nothing newer slipped in,
 * nothing is missing. `glimpses` are contents of any moment: what they hold belongs there, but a writer
 * may not have got there yet. Without `everyFence` nobody need have looked at what was written
 * under earlier fences.
 *
 * @returns how many writes were found where they belong.
 */
export function checkHistory(
  writers: Writers,
  seen: {
    readonly complete: readonly Contents[];
    readonly glimpses: readonly Contents[];
    readonly everyFence: boolean;
  },
): number {
  const fenceOf = new Map<string, number>();
  for (const { subjects, fence } of writers.committed) {
    for (const subject of subjects) fenceOf.set(subject, fence);
  }
  const byFence = new Map(seen.complete.map((it) => [writtenUnder(it), new Set(it.subjects)]));
  assert.equal(byFence.size, seen.complete.length, 'one moment per fence');

  let found = 0;
  for (const { subjects, from, to } of writers.loaded) {
    const [first = ''] = subjects;
    const fences = [...byFence].filter(([, held]) => held.has(first)).map(([fence]) => fence);
    assert.equal(fences.length, 1, `the load of ${first} was seen under fences ${fences}`);
    const fence = fences[0] as number;
    assert.ok(fence >= from && fence <= to, `loaded ${from} to ${to}, seen under ${fence}`);
    for (const subject of subjects) fenceOf.set(subject, fence);
  }
  for (const subject of writers.failed) {
    assert.ok(!fenceOf.has(subject), `${subject} failed and was committed`);
  }
  for (const [fence, held] of byFence) {
    for (const subject of held) {
      assert.equal(fenceOf.get(subject), fence, `${subject} is there under fence ${fence}`);
    }
  }
  for (const [subject, fence] of fenceOf) {
    const held = byFence.get(fence);
    if (held === undefined && !seen.everyFence) continue;
    assert.ok(held, `nobody looked under fence ${fence}`);
    assert.ok(held.has(subject), `${subject}, written under fence ${fence}, is missing`);
    found += 1;
  }
  for (const glimpse of seen.glimpses) {
    for (const subject of glimpse.subjects) {
      assert.equal(fenceOf.get(subject), writtenUnder(glimpse), `${subject} was there too long`);
    }
  }
  return found;
}
