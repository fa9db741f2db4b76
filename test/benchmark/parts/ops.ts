import { setTimeout as sleep } from 'node:timers/promises';
import { signIn } from '@kasabi/test/support/operator';
import type { Row } from '../support/result.ts';
import { median } from '../support/statistics.ts';
import { createWorld, operatorPassword, type World } from '../support/world.ts';
import type { Part } from './part.ts';

const pagesOpen = 50;
const jobsPerSecond = 20;
const countedSeconds = 20;

/** What fifty open operations pages cost: statements a second, and the time that jobs take. */
export const ops: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'ops', datasets: 100 });
  try {
    const api = await world.product('api');
    await world.product('worker');
    const operations = await world.product('operations');
    const operationsUrl = `http://127.0.0.1:${operations.port}`;
    const apiUrl = `http://127.0.0.1:${api.port}`;
    const { cookie } = await signIn(operationsUrl, operatorPassword);
    // As many as the workers' statement cache, their plans and the processes' code take to settle.
    await jobTimes(world, apiUrl, 3);
    const figures = {
      without: [] as number[],
      withPages: [] as number[],
      statements: [] as number[],
    };
    for (let round = 0; round < context.rounds; round += 1) {
      figures.without.push(median(await jobTimes(world, apiUrl, context.seconds)));
      const idle = await statementsPerSecond(world, countedSeconds);
      const close = await openPages(world, operationsUrl, cookie);
      figures.statements.push((await statementsPerSecond(world, countedSeconds)) - idle);
      figures.withPages.push(median(await jobTimes(world, apiUrl, context.seconds)));
      close();
      context.log(
        `  round ${round + 1}: ${figures.statements[round]?.toFixed(2)} statements/s, job ${figures.without[round]?.toFixed(1)} ms, with pages ${figures.withPages[round]?.toFixed(1)} ms`,
      );
    }
    const rows: Row[] = [
      {
        part: 'ops',
        ...{ what: `statements that ${pagesOpen} open pages add`, unit: '/s' },
        product: figures.statements,
        baseline: { name: 'none open', values: figures.statements.map(() => 0) },
        comparison: 'difference',
        target: { bound: 'at most', value: 5 },
        note: 'on all of Postgres; 30 of the pages show different things',
      },
      {
        part: 'ops',
        ...{
          what: `median job with ${pagesOpen} pages open, ${jobsPerSecond} a second`,
          unit: 'ms',
        },
        product: figures.withPages,
        baseline: { name: 'none open', values: figures.without },
        comparison: 'ratio',
        target: { bound: 'at most', value: 1.05 },
        note: 'from acceptance to end',
      },
    ];
    return rows;
  } finally {
    await world.stop();
  }
};

/** Opens the streams that open pages hold: the first page 20 times, and 30 pages of other things. */
async function openPages(world: World, operationsUrl: string, cookie: string): Promise<() => void> {
  const { rows } = await world.pool.query<{ id: string }>('SELECT id FROM kasabi.job LIMIT 15');
  const views = [
    ...Array.from({ length: pagesOpen - 30 }, () => '/'),
    ...rows.map(({ id }) => `/jobs/${id}`),
    ...world.datasets.slice(0, 30 - rows.length).map((code) => `/datasets/${code}`),
  ];
  const closing = new AbortController();
  await Promise.all(
    views.map(async (view) => {
      const answer = await fetch(`${operationsUrl}/ops/live?view=${encodeURIComponent(view)}`, {
        headers: { cookie },
        signal: closing.signal,
      });
      if (answer.status !== 200) throw new Error(`${view} answered ${answer.status}`);
      void read(answer);
    }),
  );
  return () => closing.abort();
}

async function read(answer: Response): Promise<void> {
  const reader = answer.body?.getReader();
  // Until it is closed, which it says with an error.
  while (
    await reader?.read().then(
      ({ done }) => !done,
      () => false,
    )
  );
}

/** A connection that is idle reports what it did after this many milliseconds at the latest. */
const reportedMs = 11_000;

/** How many transactions, each of one statement, Postgres commits a second while no job is asked for. */
async function statementsPerSecond(world: World, seconds: number): Promise<number> {
  const look = async (): Promise<number> => {
    const { rows } = await world.pool.query<{ committed: number }>(
      'SELECT xact_commit::float8 AS committed FROM pg_stat_database WHERE datname = current_database()',
    );
    return rows[0]?.committed ?? Number.NaN;
  };
  await sleep(reportedMs);
  const [before, began] = [await look(), performance.now()];
  await sleep(seconds * 1_000);
  return (((await look()) - before) * 1_000) / (performance.now() - began);
}

/** Asks for jobs at a steady pace; how long each took from its acceptance to its end, in milliseconds. */
async function jobTimes(world: World, apiUrl: string, seconds: number): Promise<number[]> {
  const { rows: begun } = await world.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const asked: Promise<unknown>[] = [];
  for (let n = 0; n < seconds * jobsPerSecond; n += 1) {
    const code = world.datasets[n % world.datasets.length];
    const answer = fetch(`${apiUrl}/dataset/${code}/jobs?jobType=reset`, {
      method: 'POST',
      headers: { X_KASABI_APIKEY: world.key },
    });
    asked.push(answer.then((it) => it.arrayBuffer()));
    await sleep(1_000 / jobsPerSecond);
  }
  await Promise.all(asked);
  for (;;) {
    const { rows } = await world.pool.query<{ open: number; times: number[] | null }>(
      `SELECT count(*) FILTER (WHERE end_time IS NULL)::int AS open,
              array_agg((extract(epoch FROM end_time - created) * 1000)::float8) AS times
       FROM kasabi.job WHERE created >= $1`,
      [begun[0]?.now],
    );
    if (rows[0]?.open === 0) return rows[0].times ?? [];
    await sleep(100);
  }
}
