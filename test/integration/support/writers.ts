import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Dataset, DatasetReadOnly, loadDataset, quadsTable } from '@kasabi/datasets';
import { openRdf } from '@kasabi/rdf';
import type { Fixture } from '@kasabi/test/support/fixture';
import { copyInto, type IsolationLevel } from '@kasabi/test/support/store';
import pg from 'pg';

/**
 * A write that was committed, and where in the dataset's history: the fence is read in the writing
 * transaction, after the write. The guard holds the registry row until the commit, so the commit lies
 * between the unlock of that fence and the lock of the next, whatever any client saw when.
 */
export interface Committed {
  readonly subjects: readonly string[];
  readonly fence: number;
}

/** A load that was committed. It reads no fence itself; these two were read before and after it. */
export interface Loaded {
  readonly subjects: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** Writers that go on until they are stopped, and what became of every write. */
export interface Writers {
  readonly committed: readonly Committed[];
  readonly loaded: readonly Loaded[];
  /** Subjects of writes that failed: nobody may ever see one. */
  readonly failed: readonly string[];
  /** How often each SQLSTATE, or `read-only` from a load, was met. */
  readonly refusals: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export interface WriterKinds {
  /** Writers of plain INSERT, and as many of COPY, at each of these levels. */
  readonly levels: readonly IsolationLevel[];
  readonly perLevel: number;
  readonly loads: number;
}

const expected = new Set(['25006', '40001']);
let series = 0;

export function startWriters(fixture: Fixture, dataset: Dataset, kinds: WriterKinds): Writers {
  const committed: Committed[] = [];
  const loaded: Loaded[] = [];
  const failed: string[] = [];
  const refusals = new Map<string, number>();
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-writers-'));
  let stopped = false;

  const refused = (state: string, subjects: readonly string[]): void => {
    failed.push(...subjects);
    refusals.set(state, (refusals.get(state) ?? 0) + 1);
  };
  const name = (count: number): string[] => {
    series += 1;
    return Array.from({ length: count }, (_, n) => `<x:${series}-${n}>`);
  };

  async function readFence(client: pg.ClientBase | pg.Pool): Promise<number> {
    const { rows } = await client.query<{ fence: string }>(
      'SELECT fence FROM kasabi.dataset WHERE id = $1',
      [dataset.id],
    );
    return Number(rows[0]?.fence);
  }

  async function write(
    level: IsolationLevel,
    one: (client: pg.Client, subjects: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    const client = new pg.Client({ connectionString: fixture.database.url });
    await client.connect();
    try {
      while (!stopped) {
        const subjects = name(3);
        try {
          await client.query(`BEGIN ISOLATION LEVEL ${level}`);
          await one(client, subjects);
          const fence = await readFence(client);
          await client.query('COMMIT');
          committed.push({ subjects, fence });
        } catch (error) {
          if (!(error instanceof pg.DatabaseError && expected.has(error.code ?? ''))) throw error;
          await client.query('ROLLBACK');
          refused(error.code ?? '', subjects);
        }
      }
    } finally {
      await client.end();
    }
  }

  const insert = (client: pg.Client, subjects: readonly string[]): Promise<unknown> =>
    client.query(`INSERT INTO ${quadsTable(dataset.id)} SELECT unnest($1::text[]), 'p', 'o'`, [
      subjects,
    ]);
  const copy = (client: pg.Client, subjects: readonly string[]): Promise<unknown> =>
    copyInto(client, dataset.id, subjects);

  async function load(): Promise<void> {
    while (!stopped) {
      const subjects = name(200);
      const file = path.join(folder, `${series}.nt`);
      writeFileSync(file, subjects.map((subject) => `${subject} <x:p> <x:o> .\n`).join(''));
      const from = await readFence(fixture.admin);
      try {
        await loadDataset(fixture.admin, dataset.code, await openRdf(file));
        loaded.push({ subjects, from, to: await readFence(fixture.admin) });
      } catch (error) {
        if (!(error instanceof DatasetReadOnly)) throw error;
        refused('read-only', subjects);
      }
      rmSync(file);
    }
  }

  const running = Promise.all(
    [
      ...kinds.levels.flatMap((level) =>
        Array.from({ length: kinds.perLevel }, () => [write(level, insert), write(level, copy)]),
      ),
      Array.from({ length: kinds.loads }, load),
    ].flat(),
  );
  // Whoever stops them is told of what went wrong.
  running.catch(() => undefined);

  return {
    committed,
    loaded,
    failed,
    refusals,
    async stop() {
      stopped = true;
      try {
        await running;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
