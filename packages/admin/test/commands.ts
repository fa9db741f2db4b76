import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createDatabase,
  type InProcessRun,
  runInProcess,
  type TestDatabase,
} from '@kasabi/test/support';
import type pg from 'pg';
import { runAdmin } from '../src/program.ts';

/** The command line on a database of its own, run in this process, and a folder of files for it to read. */
export interface Commands {
  readonly database: TestDatabase;
  /** Connections as the schema's owner. */
  readonly pool: pg.Pool;
  admin(...args: string[]): Promise<InProcessRun>;
  /** Runs a command that must succeed and returns its JSON document. */
  json<T>(...args: string[]): Promise<T>;
  /** Runs a command that must fail with this exit code and error, leaving standard output empty. */
  fails(code: number, error: RegExp, ...args: string[]): Promise<void>;
  readonly folder: string;
  /** Writes a file and returns its path. */
  file(name: string, content: string): string;
  /** Removes the folder and the database. */
  close(): Promise<void>;
}

export async function openCommands(): Promise<Commands> {
  const database = await createDatabase();
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-admin-'));
  const admin: Commands['admin'] = (...args) =>
    runInProcess(runAdmin, args, { DATABASE_URL: database.url });
  return {
    database,
    pool: database.pool('owner'),
    admin,
    async json(...args) {
      const { code, out, err } = await admin(...args, '--json');
      assert.deepEqual([code, err], [0, ''], args.join(' '));
      return JSON.parse(out);
    },
    async fails(code, error, ...args) {
      const run = await admin(...args);
      assert.deepEqual([run.code, run.out], [code, ''], `${args.join(' ')}: ${run.err}`);
      assert.match(run.err, error);
    },
    folder,
    file(name, content) {
      const place = path.join(folder, name);
      writeFileSync(place, content);
      return place;
    },
    async close() {
      rmSync(folder, { recursive: true });
      await database.close();
    },
  };
}
