import { createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../support/processes.ts';
import { findPsql, type Psql, timeShell } from '../support/psql.ts';
import type { Row } from '../support/result.ts';
import { median, show } from '../support/statistics.ts';
import { peakMiB, residentMiB } from '../support/usage.ts';
import { createWorld, type World } from '../support/world.ts';
import { type FileServer, startFileServer } from './file-server.ts';
import type { Part, PartContext } from './part.ts';

const quads = 10_000_000;

/** A round takes minutes. */
const mostRounds = 3;

// 30 quads for a subject, as resources have; 120 bytes in all.
const fill = `
  INSERT INTO store.quads_1
  SELECT '<http://data.example/item/' || n / 30 || '>', '<http://schema.example/property/' || n % 30 || '>',
         '"value ' || n || '"'
  FROM generate_series(1, ${quads}) AS n`;

const code = 'dataset-1';
const table = 'store.quads_1';

/** What a job left, as far as this needs it. */
interface Ended {
  readonly status: string;
  readonly message: string | null;
  readonly tookMs: number;
  readonly bytes: number;
}

interface Stage {
  readonly world: World;
  readonly api: Running;
  readonly status: Running;
  readonly worker: Running;
  readonly psql: Psql;
  readonly files: FileServer;
  /** For files of the other side. */
  readonly folder: string;
}

/** Quads or megabytes a second, by round. */
interface Rates {
  readonly exported: number[];
  readonly copiedOut: number[];
  readonly downloaded: number[];
  readonly served: number[];
  readonly restored: number[];
  readonly copiedIn: number[];
}

/** Exports, downloads and restores, against psql, gzip and nginx with the same rows and bytes. */
export const exporting: Part = async (context) => {
  const psql = await findPsql();
  const world = await createWorld(context.servers, { ...context, name: 'export', datasets: 1 });
  const folder = path.join(context.servers.folder, 'export');
  mkdirSync(folder);
  const files = await startFileServer(folder);
  try {
    const [api, status] = [await world.product('api'), await world.product('status')];
    const worker = await world.product('worker');
    await world.pool.query(fill);
    await world.pool.query(`VACUUM ANALYZE ${table}`);
    await world.pool.query('CHECKPOINT');
    const idleMiB = residentMiB(worker.pid);
    const stage = { world, api, status, worker, psql, files, folder };
    const rates = await takeTurns(context, stage);
    return toRows(rates, { idleMiB, peakMiB: peakMiB(worker.pid) });
  } finally {
    await files.stop();
    await world.stop();
    rmSync(folder, { recursive: true });
  }
};

async function takeTurns(context: PartContext, stage: Stage): Promise<Rates> {
  const { world, psql, files, folder } = stage;
  const rates: Rates = {
    ...{ exported: [], copiedOut: [], downloaded: [], served: [], restored: [], copiedIn: [] },
  };
  const env = { ...connectionOf(world.databaseUrl), FILE: path.join(folder, 'psql.gz') };
  for (let round = 0; round < Math.min(context.rounds, mostRounds); round += 1) {
    const exported = await run(stage, { jobType: 'export' });
    rates.exported.push(rate(quads, exported.tookMs));
    const out = `"$PSQL" -X -c '\\copy ${table} to stdout' | gzip -1 > "$FILE"`;
    rates.copiedOut.push(rate(quads, await timeShell(psql, out, env)));

    const file = path.join(folder, 'download.nq.gz');
    rates.downloaded.push(rate(exported.bytes, await download(stage, exported.id, file)) / 1e6);
    const { size } = statSync(file);
    rates.served.push(rate(size, await read(files.urlOf('download.nq.gz'), {})) / 1e6);

    const restored = await run(stage, { jobType: 'restore', source: exported.id });
    rates.restored.push(rate(quads, restored.tookMs));
    await world.pool.query('CHECKPOINT');
    const into = [
      `"$PSQL" -X -q -c 'CREATE UNLOGGED TABLE public.aside (LIKE ${table})'`,
      `gzip -dc "$FILE" | "$PSQL" -X -q -c '\\copy public.aside from stdin'`,
      `"$PSQL" -X -q -c 'BEGIN; ALTER TABLE public.aside RENAME TO swapped; COMMIT'`,
    ].join(' && ');
    rates.copiedIn.push(rate(quads, await timeShell(psql, into, env)));
    await world.pool.query('DROP TABLE public.swapped; CHECKPOINT');
    const last = Object.entries(rates).map(([name, all]) => `${name} ${show(all.at(-1) ?? 0)}`);
    context.log(`  ${last.join(', ')} (quads or MB a second)`);
  }
  return rates;
}

/** How psql finds a database; not as arguments, which everybody on the machine can read. */
function connectionOf(databaseUrl: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  return {
    ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) },
    PGPASSWORD: decodeURIComponent(password),
  };
}

/** Units a second. */
const rate = (units: number, ms: number): number => (units * 1_000) / ms;

/** Asks for a job, and waits until it has ended. Its time is from its claim to its end, by its record. */
async function run(
  { world, api }: Stage,
  parameters: Readonly<Record<string, string>>,
): Promise<Ended & { readonly id: string }> {
  const response = await fetch(`http://127.0.0.1:${api.port}/dataset/${code}/jobs`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: world.key },
    body: new URLSearchParams(parameters),
  });
  const text = await response.text();
  if (response.status !== 202) throw new Error(text);
  const id = text.split('/').at(-1) ?? '';
  for (;;) {
    const { rows } = await world.pool.query<Ended>(
      `SELECT status, message, coalesce((result ->> 'bytes')::float8, 0) AS bytes,
              (extract(epoch FROM end_time - started) * 1000)::float8 AS "tookMs"
       FROM kasabi.job WHERE id = $1`,
      [id],
    );
    const [job] = rows;
    if (job?.status === 'completed') return { id, ...job };
    if (job?.status === 'failed') throw new Error(job.message ?? 'The job has failed.');
    await sleep(50);
  }
}

/** Downloads an export to a file, and then once more for its time, which it returns in milliseconds. */
async function download({ world, status }: Stage, id: string, file: string): Promise<number> {
  const url = `http://127.0.0.1:${status.port}/data/${code}/exports/${id}`;
  const headers = { X_KASABI_APIKEY: world.key };
  const kept = await fetch(url, { headers });
  if (kept.status !== 200) throw new Error(await kept.text());
  await pipeline(kept.body as unknown as AsyncIterable<Uint8Array>, createWriteStream(file));
  return await read(url, headers);
}

/** Reads an answer to its end; milliseconds. */
async function read(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  const response = await fetch(url, { headers });
  if (response.status !== 200) throw new Error(await response.text());
  for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>);
  return performance.now() - began;
}

function toRows(rates: Rates, memory: { idleMiB: number; peakMiB: number }): Row[] {
  const row = { part: 'export', comparison: 'ratio' } as const;
  const million = `${quads / 1e6} million quads`;
  return [
    {
      ...{ ...row, what: `export of ${million}`, unit: 'quads/s', product: rates.exported },
      baseline: { name: 'psql, gzip -1', values: rates.copiedOut },
      target: { bound: 'at least', value: 1 },
      note: 'to a folder, from claim to completed: with the digest, and on disk when it has completed',
    },
    {
      ...{ ...row, what: 'download of that file', unit: 'MB/s', product: rates.downloaded },
      baseline: { name: 'nginx', values: rates.served },
      target: { bound: 'at least', value: 0.8 },
    },
    {
      ...{ ...row, what: `restore of ${million}`, unit: 'quads/s', product: rates.restored },
      baseline: { name: 'gzip, psql, unlogged', values: rates.copiedIn },
      target: { bound: 'at least', value: 0.8 },
      note: 'logged and verified, against an unlogged table that takes the place of nothing',
    },
    {
      ...{ part: 'export', what: 'memory of the worker over idle, at most', unit: 'MiB' },
      product: [memory.peakMiB - memory.idleMiB],
      target: { bound: 'at most', value: 100 },
      note: `${show(memory.idleMiB)} MiB when idle; exports ran at ${show(median(rates.exported))} quads a second`,
    },
  ];
}
