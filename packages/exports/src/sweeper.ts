import { type Maker, readMakers } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import type { ExportStore, StoredObject } from './store.ts';

export interface SweeperOptions {
  readonly db: Database;
  readonly store: ExportStore;
  readonly intervalMs: number;
  /** Called with the number of objects that were removed, and of those that were unfinished. */
  readonly onSweep: (removed: { readonly objects: number; readonly unfinished: number }) => void;
  /** Called before each round, and with what is wrong with the store if it fails. */
  readonly onCheck: (trouble: unknown) => void;
  readonly onError: (error: unknown) => void;
}

const batchSize = 1_000;

/**
 * The sweeper removes from a store what no record names: files that have expired, those of attempts that were lost or
 * cancelled, and of jobs whose records are gone.
 *
 * It lists first and reads the records afterwards. So an object that it has listed, and whose job is not running, belongs
 * to an attempt that has lost its lease: no commit can name it any more. While a job runs, everything of it is kept.
 */
export function createSweeper(options: SweeperOptions): Loop {
  const { db, store } = options;

  async function sweep(listed: readonly StoredObject[], removed: Removed): Promise<boolean> {
    const makers = await readMakers(db, [...new Set(listed.map(({ jobId }) => jobId))]);
    if (makers === undefined) return false;
    for (const stored of listed) {
      if (isNeeded(stored, makers.get(stored.jobId))) continue;
      await store.remove(stored);
      removed[stored.unfinished === undefined ? 'objects' : 'unfinished'] += 1;
    }
    return true;
  }

  async function runOnce(): Promise<void> {
    const removed: Removed = { objects: 0, unfinished: 0 };
    try {
      await store.check();
      options.onCheck(undefined);
      let batch: StoredObject[] = [];
      for await (const stored of store.list()) {
        batch.push(stored);
        if (batch.length < batchSize) continue;
        if (!(await sweep(batch, removed))) return;
        batch = [];
      }
      if (batch.length > 0) await sweep(batch, removed);
    } catch (error) {
      options.onCheck(error);
      throw error;
    } finally {
      if (removed.objects + removed.unfinished > 0) options.onSweep(removed);
    }
  }

  return createLoop({
    name: 'sweeper',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}

type Removed = { objects: number; unfinished: number };

function isNeeded({ object, unfinished }: StoredObject, maker: Maker | undefined): boolean {
  if (maker?.status === 'running') return true;
  return unfinished === undefined && maker?.object === object;
}
