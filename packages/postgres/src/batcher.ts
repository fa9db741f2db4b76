import { inBatch, type Traceparent, traceNow } from '@kasabi/tracing';
import { isRefusal } from './errors.ts';

export interface BatcherOptions<Item, Result> {
  /** The name of a batch of several items in traces. */
  readonly name: string;
  /** Handles a batch; resolves to one result per item, in the same order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** The most items in one batch. */
  readonly maxSize: number;
  /** The most batches at once; while that many run, items gather for the next. */
  readonly maxConcurrent: number;
  /** The shortest time from the start of one batch to the next, in milliseconds; none unless set. */
  readonly minIntervalMs?: number;
}

export interface Batcher<Item, Result> {
  /** Adds an item to the next batch. Rejects with what `run` rejects with when the item fails alone. */
  add(item: Item): Promise<Result>;
  /** Items waiting for a batch: a measure of overload. */
  readonly waiting: number;
}

interface Entry<Item, Result> {
  readonly item: Item;
  /** The trace it was added in. */
  readonly trace: Traceparent | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers the items that arrive in one turn of the event loop, or while earlier batches run, into batches. When
 * Postgres refuses a batch of several, each of its items is run once by itself, so that one bad item fails
 * alone. When the connection broke, the batch may have been committed, so nothing is run again and every item
 * rejects.
 */
export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  let waiting: Entry<Item, Result>[] = [];
  let running = 0;
  let scheduled = false;
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;

  async function runBatch(entries: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await inBatch(
        options.name,
        entries.map((entry) => entry.trace),
        () => options.run(entries.map((entry) => entry.item)),
      );
      entries.forEach((entry, index) => {
        entry.resolve(results[index] as Result);
      });
    } catch (error) {
      if (entries.length > 1 && isRefusal(error)) {
        for (const entry of entries) await runBatch([entry]);
      } else {
        for (const entry of entries) entry.reject(error);
      }
    }
  }

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && running < options.maxConcurrent) {
      const now = performance.now();
      if (now < notBefore) {
        scheduled = true;
        if (timer === undefined) timer = setTimeout(onTimer, notBefore - now);
        return;
      }
      notBefore = now + (options.minIntervalMs ?? 0);
      const entries = waiting.slice(0, options.maxSize);
      waiting = waiting.slice(options.maxSize);
      running += 1;
      void runBatch(entries).finally(() => {
        running -= 1;
        flush();
      });
    }
  }

  function onTimer(): void {
    timer = undefined;
    flush();
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, trace: traceNow(), resolve, reject });
        if (scheduled) return;
        scheduled = true;
        // setImmediate, not a microtask: every request read from its socket in this turn joins.
        setImmediate(flush);
      }),
    get waiting() {
      return waiting.length;
    },
  };
}
