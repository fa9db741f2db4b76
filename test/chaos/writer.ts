import { setTimeout as sleep } from 'node:timers/promises';
import { quadsTable } from '@kasabi/datasets';
import { hasSqlState, sqlState } from '@kasabi/postgres';
import type pg from 'pg';
import type { History } from './history.ts';
import { onConnection } from './on-connection.ts';
import type { PlannedWrites } from './schedule.ts';

/**
 * What became of a write. `refused`: Postgres said so, or COMMIT was never sent. `unknown`: COMMIT was
 * sent and not answered.
 */
export type WriteOutcome = 'committed' | 'refused' | 'unknown';

/** One quad and all the suite knows about it; times are milliseconds since the epoch. */
export interface Write {
  readonly value: string;
  readonly attemptedAt: number;
  endedAt: number;
  outcome: WriteOutcome;
  /** The registry row as the writing transaction saw it after its INSERT, under the guard's locks. */
  fence: number | undefined;
  storageMode: string | undefined;
  reason: string;
}

/** An owner who loads data, one quad in each transaction, and keeps book. */
export interface Writer {
  readonly writes: readonly Write[];
  /** Writes as planned until `stop` is called. */
  start(): void;
  stop(): Promise<void>;
  /** Writes one quad now. */
  write(options?: { readonly holdMs?: number; readonly repeatable?: boolean }): Promise<Write>;
}

export function createWriter(
  pool: pg.Pool,
  dataset: { readonly id: number; readonly code: string },
  planned: PlannedWrites,
  history: History,
): Writer {
  const writes: Write[] = [];
  let stopped = false;
  let running: Promise<void> | undefined;

  async function write(
    options: { readonly holdMs?: number; readonly repeatable?: boolean } = {},
  ): Promise<Write> {
    const entry: Write = {
      value: `"${dataset.code}-${writes.length}"`,
      attemptedAt: Date.now(),
      endedAt: 0,
      outcome: 'refused',
      fence: undefined,
      storageMode: undefined,
      reason: '',
    };
    writes.push(entry);
    try {
      await onConnection(pool, (client) => insert(client, entry, options));
      entry.outcome = 'committed';
    } catch (error) {
      // A COMMIT that was not answered may have been carried out; one that lost a race was not.
      if (hasSqlState(error, sqlState.serializationFailure)) entry.outcome = 'refused';
      entry.reason = reasonOf(error);
    }
    entry.endedAt = Date.now();
    const seen = entry.fence === undefined ? '' : `, fence ${entry.fence}`;
    const why = entry.outcome === 'committed' ? '' : ` (${entry.reason})`;
    history.note(`write ${entry.value}: ${entry.outcome}${why}${seen}`, entry.endedAt);
    return entry;
  }

  async function insert(
    client: pg.PoolClient,
    entry: Write,
    { holdMs = 0, repeatable = false }: { readonly holdMs?: number; readonly repeatable?: boolean },
  ): Promise<void> {
    await client.query(repeatable ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN');
    if (repeatable) {
      // Takes the snapshot before the INSERT, so that a lock may slip in between.
      await client.query('SELECT 1 FROM kasabi.owner LIMIT 1');
      await sleep(10);
    }
    await client.query(
      `INSERT INTO ${quadsTable(dataset.id)} (subject, predicate, object) VALUES ($1, $2, $3)`,
      ['<urn:s>', '<urn:p>', entry.value],
    );
    const { rows } = await client.query<{ fence: number; storage_mode: string }>(
      'SELECT fence, storage_mode FROM kasabi.dataset WHERE id = $1',
      [dataset.id],
    );
    entry.fence = rows[0]?.fence;
    entry.storageMode = rows[0]?.storage_mode;
    if (holdMs > 0) await sleep(holdMs);
    entry.outcome = 'unknown';
    await client.query('COMMIT');
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const number = writes.length;
      const entry = await write({
        holdMs: number % planned.holdEvery === 0 ? planned.holdMs : 0,
        repeatable: number % planned.repeatableEvery === 0,
      });
      // A server that is away is not asked in a tight loop.
      await sleep(entry.outcome === 'committed' ? planned.everyMs : planned.everyMs + 50);
    }
  }

  return {
    writes,
    write,
    start() {
      running ??= run();
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `${code ?? ''} ${message}`.trim().slice(0, 80);
}
