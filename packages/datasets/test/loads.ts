import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOwner } from '@kasabi/accounts';
import { openRdf } from '@kasabi/rdf';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { type LoadOptions, type LoadResult, loadDataset } from '../src/load.ts';
import { createDataset } from '../src/registry.ts';
import { quadsTable } from '../src/tables.ts';

/** A database, and a folder of files to load into its datasets. */
export interface Loads {
  readonly database: TestDatabase;
  /** The schema owner's. */
  readonly pool: pg.Pool;
  readonly folder: string;
  /** A dataset of its own for one test. */
  dataset(): Promise<{ code: string; id: number; rows(): Promise<string[][]> }>;
  /** Writes a file, and returns its path. */
  file(name: string, content: string | Buffer): string;
  load(code: string, rdf: string, options?: LoadOptions): Promise<LoadResult>;
  close(): Promise<void>;
}

export async function startLoads(): Promise<Loads> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-load-'));
  const database = await createDatabase();
  const pool = database.pool('owner');
  await createOwner(pool, 'nasa');
  return {
    ...{ database, pool, folder },
    async dataset() {
      const code = `d-${randomUUID().slice(0, 8)}`;
      const { id } = await createDataset(pool, { code, owner: 'nasa' });
      const text = `SELECT subject, predicate, object, graph FROM ${quadsTable(id)} ORDER BY ctid`;
      const rows = async () => (await pool.query<string[]>({ text, rowMode: 'array' })).rows;
      return { code, id, rows };
    },
    file(name, content) {
      const place = path.join(folder, name);
      writeFileSync(place, content);
      return place;
    },
    load: async (code, rdf, options) => loadDataset(pool, code, await openRdf(rdf), options),
    async close() {
      rmSync(folder, { recursive: true });
      await database.close();
    },
  };
}
