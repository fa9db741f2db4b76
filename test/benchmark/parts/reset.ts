import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createJobMaker, type JobMaker } from '../support/jobs.ts';
import type { Running } from '../support/processes.ts';
import type { Row } from '../support/result.ts';
import { show } from '../support/statistics.ts';
import { createWorld, type World } from '../support/world.ts';
import type { Part, PartContext } from './part.ts';

/** One DELETE of 10 million quads is enough: it leaves gigabytes to write. */
const sizes = [
  { quads: 1_000, name: '1 thousand', deletes: 'all' },
  { quads: 1_000_000, name: '1 million', deletes: 'all' },
  { quads: 10_000_000, name: '10 million', deletes: 'one' },
] as const;

// Made once for each size, and copied in every round: making 10 million takes a minute. 30 quads for a subject, as
// resources have; 120 bytes in all.
const make = `
  CREATE UNLOGGED TABLE public.quads_aside AS
  SELECT '<http://data.example/item/' || n / 30 || '>' AS subject,
         '<http://schema.example/property/' || n % 30 || '>' AS predicate, '"value ' || n || '"' AS object
  FROM generate_series(1, QUADS) AS n`;
const fill = 'INSERT INTO store.quads_1 SELECT * FROM public.quads_aside';

/** What the two ways to empty the table, and the product, took; milliseconds by round. */
interface Times {
  readonly product: number[];
  readonly truncate: number[];
  readonly delete: number[];
}

/** From claim to completed, against what Postgres takes to empty the same table. */
export const reset: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'reset', datasets: 1 });
  const maker = await createJobMaker(world);
  try {
    const worker = await world.product('worker');
    // Compilers and connections, before anything counts.
    for (let n = 0; n < 20; n += 1) await timeReset(world, maker, worker);
    const rows: Row[] = [];
    for (const size of sizes) {
      await world.pool.query(make.replace('QUADS', String(size.quads)));
      rows.push(...toRows(size, await takeTurns(context, { world, maker, worker }, size)));
      await world.pool.query('DROP TABLE public.quads_aside');
    }
    return rows;
  } finally {
    await maker.close();
    await world.stop();
  }
};

async function takeTurns(
  context: PartContext,
  { world, maker, worker }: { world: World; maker: JobMaker; worker: Running },
  size: (typeof sizes)[number],
): Promise<Times> {
  const times: Times = { product: [], truncate: [], delete: [] };
  for (let round = 0; round < context.rounds; round += 1) {
    await fillTable(world);
    times.product.push(await timeReset(world, maker, worker));
    await fillTable(world);
    times.truncate.push(await time(() => world.pool.query('TRUNCATE store.quads_1')));
    if (size.deletes === 'all' || round === 0) {
      // On rows of its own: a TRUNCATE behind it would have its pages to throw away.
      await fillTable(world);
      times.delete.push(await timeDelete(world));
      await world.pool.query('TRUNCATE store.quads_1');
    }
    context.log(
      `  ${size.name}: product ${show(times.product.at(-1) ?? 0)} ms, TRUNCATE ` +
        `${show(times.truncate.at(-1) ?? 0)} ms, DELETE ${show(times.delete.at(-1) ?? 0)} ms`,
    );
  }
  return times;
}

async function fillTable({ pool }: World): Promise<void> {
  await pool.query(fill);
  // What filling has left to write must not be written meanwhile.
  await pool.query('CHECKPOINT');
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** A DELETE without its commit. */
async function timeDelete({ pool }: World): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const took = await time(() => client.query('DELETE FROM store.quads_1'));
    await client.query('ROLLBACK');
    return took;
  } finally {
    client.release();
  }
}

/**
 * Milliseconds from a job's claim, by its record, until its worker says that it has completed: after the
 * commit of its effect.
 */
async function timeReset(world: World, maker: JobMaker, worker: Running): Promise<number> {
  const [id = ''] = await maker.make([new Date()]);
  for (;;) {
    const line = readFileSync(worker.logFile, 'utf8')
      .split('\n')
      .find((text) => text.includes(id) && text.includes('"msg":"completed"'));
    if (line === undefined) {
      await sleep(20);
      continue;
    }
    const { rows } = await world.pool.query<{ started: number }>(
      'SELECT extract(epoch FROM started)::float8 * 1000 AS started FROM kasabi.job WHERE id = $1',
      [id],
    );
    return (JSON.parse(line) as { time: number }).time - (rows[0]?.started ?? Number.NaN);
  }
}

function toRows({ name, deletes }: (typeof sizes)[number], times: Times): Row[] {
  const row = { part: 'reset', unit: 'ms', what: `reset of ${name} quads`, product: times.product };
  return [
    {
      ...row,
      baseline: { name: 'TRUNCATE', values: times.truncate },
      comparison: 'difference',
      target: { bound: 'at most', value: 10 },
    },
    {
      ...row,
      baseline: { name: 'DELETE', values: times.delete },
      comparison: 'speed-up',
      ...(deletes === 'one' && { note: 'one DELETE for all rounds' }),
    },
  ];
}
