import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a command came to. */
interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Commands by what they must come to, and a folder of files for them to read. */
export interface Commands {
  /** Runs a command that must succeed and returns its JSON document. */
  json<T>(...args: string[]): Promise<T>;
  /** Runs a command that must fail with this exit code and error, leaving standard output empty. */
  fails(code: number, error: RegExp, ...args: string[]): Promise<void>;
  readonly folder: string;
  /** Writes a file and returns its path. */
  file(name: string, content: string): string;
  removeFolder(): void;
}

/** @param admin runs a command, in this process or in one of its own. */
export function createCommands(admin: (...args: string[]) => Promise<Run>): Commands {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-admin-'));
  return {
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
    removeFolder: () => rmSync(folder, { recursive: true }),
  };
}
