// Loaded before each test file: appends what the sources send to Postgres to the file that RECORDED_STATEMENTS names, each
// statement once, as a line of JSON with the place of the call.
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';
import pg from 'pg';
import { environment } from '../support/env.ts';

/** A place in the sources: a file from the project's root, and a line from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A statement, the call of `query` in the sources that sent it, and where that was called from, if from the sources. */
export interface Recorded {
  readonly text: string;
  readonly place: Place;
  readonly from?: Place;
  /** The application name of the connection. */
  readonly application?: string;
}

// By its place: services, which load this too, find other packages' builds.
const projectRoot = path.resolve(import.meta.dirname, '../..');
/** Hands every statement on to pg. */
const client = path.join(projectRoot, 'packages/postgres/src/statement-client.ts');
const target = environment()['RECORDED_STATEMENTS'];
/** A pool or a client. */
interface Named {
  readonly options?: { readonly application_name?: string };
  readonly connectionParameters?: { readonly application_name?: string };
}

const seen = new Set<string>();

/** The innermost callers, up to two, as long as they are sources and no tests. */
function findCallers(): Place[] {
  const places: Place[] = [];
  for (const { scriptName, lineNumber } of getCallSites(12)) {
    const name = scriptName.startsWith('file:') ? fileURLToPath(scriptName) : scriptName;
    if (name === import.meta.filename || name === client) continue;
    const file = path.relative(projectRoot, name);
    if (!/^(packages|services|infra)\/.*\/src\//.test(file) || file.endsWith('.test.ts')) break;
    places.push({ file, line: lineNumber });
  }
  return places.slice(0, 2);
}

function record(first: unknown, application: string | undefined): void {
  const text = typeof first === 'string' ? first : (first as { text?: unknown } | null)?.text;
  const [place, from] = typeof text === 'string' ? findCallers() : [];
  if (place === undefined) return;
  const line = JSON.stringify({ text, place, from, application });
  if (seen.has(line)) return;
  seen.add(line);
  appendFileSync(target ?? '', `${line}\n`);
}

if (target !== undefined) {
  for (const prototype of [pg.Client.prototype, pg.Pool.prototype]) {
    const query = prototype.query as (...args: unknown[]) => unknown;
    prototype.query = function (this: pg.Client & pg.Pool, ...args: unknown[]) {
      const { options, connectionParameters } = this as unknown as Named;
      record(args[0], (options ?? connectionParameters)?.application_name);
      return query.apply(this, args);
    } as never;
  }
}
