import { createBatcher, type Database } from '@kasabi/postgres';
import { type Fresh, readFresh, type Sources } from './sources.ts';

export interface BatchedOptions<Item, Result> {
  readonly name: string;
  readonly run: (db: Database, items: readonly Item[]) => Promise<readonly Result[]>;
  /** The most statements at a time. */
  readonly maxConcurrent: number;
  /** Whether what a standby says of an item is not to be doubted. */
  readonly isCertain: (item: Item, result: Result) => boolean;
}

const maxSize = 500;

/**
 * The pause between the statements that ask the primary what the standby does not know, in milliseconds. One at a time:
 * whoever makes up jobs and keys costs the primary 40 statements a second of each process at most.
 */
const doubtIntervalMs = 25;

/** Reads items for requests, from where it is best. Requests in the same turn of the event loop share a statement. */
export function createBatchedReader<Item, Result>(
  sources: Sources,
  { name, run, maxConcurrent, isCertain }: BatchedOptions<Item, Result>,
) {
  const at = (db: Database, limits: { maxConcurrent: number; minIntervalMs?: number }) =>
    createBatcher<Item, Result>({ name, run: (items) => run(db, items), maxSize, ...limits });
  const primary = sources.fresh?.pool ?? sources.pool;
  const usual = at(sources.pool, { maxConcurrent });
  const instead = at(primary, { maxConcurrent });
  const doubted = at(primary, { maxConcurrent: 1, minIntervalMs: doubtIntervalMs });
  return {
    read: (item: Item): Promise<Fresh<Result>> =>
      readFresh(sources, {
        usual: () => usual.add(item),
        instead: () => instead.add(item),
        doubted: () => doubted.add(item),
        isCertain: (result) => isCertain(item, result),
      }),
    /** How many requests wait for the next statement. */
    get waiting() {
      return usual.waiting + instead.waiting + doubted.waiting;
    },
  };
}
