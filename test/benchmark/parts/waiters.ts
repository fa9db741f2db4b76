import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitersOrder, WaitersReport } from '../load/protocol.ts';
import { program } from '../support/build.ts';
import type { Row } from '../support/result.ts';
import { median, percentile, show } from '../support/statistics.ts';
import { peakMiB, residentMiB } from '../support/usage.ts';
import { createWorld, type World } from '../support/world.ts';
import type { Part, PartContext } from './part.ts';

const waiters = 10_000;
const named = waiters.toLocaleString('en-US');

// The clients are one address with one key.
const noLimits = {
  ...{ MAX_HELD_PER_KEY: '1000000', MAX_HELD_PER_ADDRESS: '1000000' },
  MAX_CONNECTIONS_PER_ADDRESS: '1000000',
};

const kinds = [
  { name: 'requests with Prefer: wait', path: '', header: 'Prefer: wait=60', target: 300 },
  {
    name: 'event streams',
    path: '/events',
    header: 'Accept: text/event-stream',
    target: undefined,
  },
] as const;
type Kind = (typeof kinds)[number];

/** What one process took in each round. */
interface Measured {
  readonly peak: number[];
  readonly each: number[];
  readonly half: number[];
  readonly all: number[];
}

/** Thousands of clients that wait at one status process, each for a job of its own. */
export const waiting: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'waiters', datasets: 100 });
  try {
    const rows: Row[] = [];
    for (const kind of kinds) rows.push(...toRows(kind, await measure(world, context, kind)));
    return rows;
  } finally {
    await world.stop();
  }
};

async function measure(world: World, context: PartContext, kind: Kind): Promise<Measured> {
  const measured: Measured = { peak: [], each: [], half: [], all: [] };
  for (let round = 0; round < Math.min(context.rounds, 3); round += 1) {
    const jobs = await makeJobs(world);
    const { pid, port, stop } = await world.product('status', noLimits);
    const before = residentMiB(pid);
    const heard = startClients({
      port,
      requests: jobs.map(({ id, code }) => request(world, kind, `/data/${code}/jobs/${id}`)),
      until: '"status":"failed"',
    });
    while ((await waitersAt(port)) < waiters) await sleep(500);
    const held = residentMiB(pid);
    const endedAt = await endJobs(world);
    const answeredAt = await heard;
    const took = answeredAt.map((at) => at - endedAt);
    measured.peak.push(peakMiB(pid));
    measured.each.push(((held - before) * 1_024) / waiters);
    measured.half.push(median(took));
    measured.all.push(percentile(took, 1));
    await stop();
    context.log(
      `  ${kind.name}: ${show(before)} MiB before, ${show(held)} MiB with all, at most ${show(measured.peak.at(-1) ?? 0)} MiB; ` +
        `half has heard after ${show(median(took))} ms, all after ${show(percentile(took, 1))} ms`,
    );
  }
  return measured;
}

/** A GET as a client would send that can wait. */
function request({ key }: World, { path, header }: Kind, target: string): string {
  const lines = [`GET ${target}${path} HTTP/1.1`, 'Host: 127.0.0.1', `X_KASABI_APIKEY: ${key}`];
  return [...lines, header, '', ''].join('\r\n');
}

/** Runs the process with the clients. Resolves, when all have heard, to the moments at which they did. */
async function startClients(order: WaitersOrder): Promise<readonly number[]> {
  const child = spawn(process.execPath, [program('load/waiters')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(order));
  const output = await text(child.stdout);
  if (output === '') throw new Error('The process with the waiting clients failed.');
  return (JSON.parse(output) as WaitersReport).answeredAt;
}

/** A job for each waiter, a day ahead. */
async function makeJobs({ pool }: World): Promise<{ id: string; code: string }[]> {
  const { rows } = await pool.query<{ id: string; code: string }>(
    `WITH made AS (
       INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
       SELECT n % (SELECT count(*) FROM kasabi.dataset) + 1, 'reset', at, at, 1
       FROM generate_series(1, $1::int) AS n, (SELECT now() + interval '1 day' AS at) AS times
       RETURNING id, dataset_id)
     SELECT made.id, code FROM made JOIN kasabi.dataset d ON d.id = dataset_id`,
    [waiters],
  );
  return rows;
}

/** Ends all jobs in one commit, the worst that can happen; resolves to the moment of it, in milliseconds since 1970. */
async function endJobs({ pool }: World): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE kasabi.job SET status = 'failed', end_time = clock_timestamp(), message = 'Ended.'
       WHERE status = 'scheduled'`,
    );
    const at = performance.timeOrigin + performance.now();
    await client.query('COMMIT');
    return at;
  } finally {
    client.release();
  }
}

/** How many clients the status service holds. */
async function waitersAt(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^kasabi_status_waiting_clients (\d+)/m.exec(metrics)?.[1]);
}

function toRows(kind: Kind, { peak, each, half, all }: Measured): Row[] {
  const row = { part: 'waiters', unit: 'ms' };
  const what = `${named} ${kind.name}`;
  return [
    {
      ...{ ...row, what: `peak resident memory, ${what}`, unit: 'MiB', product: peak },
      ...(kind.target !== undefined && { target: { bound: 'at most', value: kind.target } }),
      note: 'one status process, with its start, and with the answers after all jobs have ended in one commit',
    },
    { ...row, what: `memory for each of ${what}`, unit: 'KiB', product: each },
    { ...row, what: `until half has heard, ${what}`, product: half },
    { ...row, what: `until all have heard, ${what}`, product: all },
  ];
}
