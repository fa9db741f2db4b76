import { setTimeout as sleep } from 'node:timers/promises';
import { createJobMaker } from '../support/jobs.ts';
import type { Running } from '../support/processes.ts';
import type { Row } from '../support/result.ts';
import { show } from '../support/statistics.ts';
import { watchCpu } from '../support/usage.ts';
import { createWorld, type World } from '../support/world.ts';
import { type Contestant, createAlternatives } from './alternatives.ts';
import type { Part } from './part.ts';

const datasets = 500;
const quads = 10;
const leadMs = 1_000;

const fill = `DO $$ BEGIN
  FOR id IN 1..${datasets} LOOP
    EXECUTE format('INSERT INTO store.quads_%s SELECT ''s'' || n, ''p'', ''o'' FROM generate_series(1, ${quads}) AS n', id);
  END LOOP;
END $$`;

/** Resets of small datasets a second, each of its own dataset, with 10 at a time in every process. */
export const drain: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'drain', datasets });
  const maker = await createJobMaker(world);
  const { alternatives, close } = await createAlternatives(world, datasets);
  const times = (startAt: Date): Date[] => Array.from({ length: datasets }, () => startAt);
  const contestants: Readonly<Record<string, Contestant>> = {
    product: {
      start: () => world.product('worker'),
      async enqueue(startAt) {
        await maker.make(times(startAt));
      },
    },
    loop: {
      start: (share, of) => world.baseline('loop', false, { share, of }),
      async enqueue(startAt) {
        await maker.accept(times(startAt));
      },
    },
    ...alternatives,
  };
  // What is compared comes one behind the other: the machine's speed changes within minutes.
  const turns = [
    'product 1',
    ...Object.keys(alternatives).map((name) => `${name} 1`),
    ...[2, 4].map((processes) => `product ${processes}`),
    ...[1, 2, 4].map((processes) => `loop ${processes}`),
  ];
  const measured: Record<string, number[]> = Object.fromEntries(turns.map((turn) => [turn, []]));
  try {
    for (let round = 0; round < context.rounds; round += 1) {
      for (const turn of turns) {
        const [name = '', processes] = turn.split(' ');
        const contestant = contestants[name] as Contestant;
        const { perSecond, cost } = await race(world, contestant, Number(processes));
        const costs = Object.entries(cost).map(([process, ms]) => `${process} ${show(ms)}`);
        context.log(
          `  ${turn}: ${show(perSecond)}/s; ms of processor a reset: ${costs.join(', ')}`,
        );
        measured[turn]?.push(perSecond);
      }
    }
    return toRows(measured, Object.keys(alternatives));
  } finally {
    await Promise.all([maker.close(), close()]);
    await world.stop();
  }
};

interface Race {
  readonly perSecond: number;
  /** Milliseconds of processor time that a reset cost, by process. */
  readonly cost: Readonly<Record<string, number>>;
}

/** Starts the processes, has them warm up with a reset of every dataset, and measures the next. */
async function race(world: World, contestant: Contestant, processes: number): Promise<Race> {
  const running = await Promise.all(
    Array.from({ length: processes }, (_, share) => contestant.start(share, processes)),
  );
  await resetAll(world, contestant, running);
  const measured = await resetAll(world, contestant, running);
  await Promise.all(running.map((process) => process.stop()));
  return measured;
}

/** Resets a second, from the first lock to the last unlock, as the registry shows them. */
async function resetAll(
  world: World,
  contestant: Contestant,
  running: readonly Running[],
): Promise<Race> {
  await world.pool.query(fill);
  const look = async (): Promise<{ fences: number; locked: number; at: number }> => {
    const { rows } = await world.pool.query<{ fences: number; locked: number }>(
      `SELECT sum(fence)::float8 AS fences, count(locked_by)::int AS locked FROM kasabi.dataset`,
    );
    return { ...(rows[0] as { fences: number; locked: number }), at: performance.now() };
  };
  const { fences: before, at: filled } = await look();
  await contestant.enqueue(new Date(Date.now() + leadMs));
  const workers = Object.fromEntries(running.map(({ pid }, index) => [`worker ${index + 1}`, pid]));
  const spent = watchCpu({ ...workers, ...world.servers.pids });
  let began: number | undefined;
  for (;;) {
    const { fences, locked, at } = await look();
    if (fences > before) began ??= at;
    if (began !== undefined && fences >= before + datasets && locked === 0) {
      const cost = Object.entries(spent()).map(([name, it]) => [name, (it * 1_000) / datasets]);
      return { perSecond: datasets / ((at - began) / 1_000), cost: Object.fromEntries(cost) };
    }
    if (at > filled + 60_000) throw new Error(`${fences - before} of ${datasets} in a minute.`);
    await sleep(10);
  }
}

function toRows(measured: Record<string, number[]>, alternatives: readonly string[]): Row[] {
  const of = (turn: string): number[] => measured[turn] ?? [];
  const row = { part: 'drain', unit: '/s', comparison: 'ratio' } as const;
  const alone = { ...row, product: of('product 1') };
  const onPostgres = alternatives.filter((name) => name !== 'bullmq');
  const best = of('product 1').map((_, round) =>
    Math.max(...onPostgres.map((name) => of(`${name} 1`)[round] ?? 0)),
  );
  return [
    {
      ...alone,
      what: 'small resets, 1 process',
      baseline: { name: `the better of ${onPostgres.join(' and ')}`, values: best },
      target: { bound: 'at least', value: 1 },
      note: 'the better one of each round',
    },
    ...onPostgres.map((name) => ({
      ...alone,
      what: 'small resets, 1 process',
      baseline: { name, values: of(`${name} 1`) },
    })),
    {
      ...alone,
      what: 'small resets, 1 process',
      baseline: { name: 'plain BullMQ without records', values: of('bullmq 1') },
      target: { bound: 'at least', value: 0.85 },
    },
    ...(
      [
        [2, 1],
        [4, 0.95],
      ] as const
    ).map(([processes, value]) => ({
      ...row,
      what: `small resets, ${processes} processes against 1`,
      product: of(`product ${processes}`),
      baseline: { name: '1 process', values: of('product 1') },
      target: { bound: 'at least', value } as const,
    })),
    ...[1, 2, 4].map((processes) => ({
      ...row,
      what: `small resets, ${processes} process${processes === 1 ? '' : 'es'}`,
      product: of(`product ${processes}`),
      baseline: { name: 'loop', values: of(`loop ${processes}`) },
    })),
  ];
}
