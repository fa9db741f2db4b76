import { setTimeout as sleep } from 'node:timers/promises';
import { jobIdOfDelivery, KEY_PREFIX, QUEUE_NAME } from '@kasabi/queue';
import type { JobRow } from './evidence.ts';
import { type Fault, faultKinds } from './faults.ts';
import type { Violation } from './invariants.ts';
import type { Stack } from './stack.ts';
import type { World } from './world.ts';

/** BullMQ gives a lost worker's delivery to another after its stalled check, twice the lease at most. */
const withinMs = 30_000;

/**
 * How often a worker may give deliveries of a job back after the job has ended, while it could ask
 * Postgres about it. Redis is wiped too often here to leave it at waiting for the end.
 */
const mostGivenBack = 5;

/** How long after trouble with Postgres a delivery may still be given back for it, in milliseconds. */
const aftermathMs = 1_500;

/**
 * Waits until Redis holds no delivery of these jobs, which have all ended: each has to be delivered once
 * more, found to be of no use, and dropped. A delivery that a worker with a clock an hour ahead has put
 * off comes an hour later, and does no harm until then; those are left alone.
 */
export async function checkDrained(
  world: World,
  jobs: readonly JobRow[],
  signal: AbortSignal,
): Promise<Violation[]> {
  const deadline = performance.now() + withinMs;
  let held: string[];
  for (;;) {
    held = await deliveriesOf(
      world.stack,
      jobs.map((job) => job.id),
    ).catch(() => ['?']);
    if (held.length === 0 || signal.aborted || performance.now() > deadline) break;
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
  const violations: Violation[] = [];
  for (const { id, end_time: end } of jobs) {
    const times = world
      .givenBack(id)
      .filter((at) => at > (end ?? 0) + 500 && !world.faults.some((fault) => keepsAway(fault, at)));
    if (times.length <= mostGivenBack) continue;
    const detail = `deliveries of job ${id} were given back ${times.length} times after its end`;
    violations.push({ invariant: 'drained', detail });
  }
  if (signal.aborted || held.includes('?')) return violations;
  for (const id of held) {
    const detail = `Redis still holds delivery ${id} ${withinMs} ms after its job has ended`;
    violations.push({ invariant: 'drained', detail });
  }
  return violations;
}

/** Whether a fault may have kept a worker from asking Postgres at that moment: it then gives back. */
function keepsAway(fault: Fault, at: number): boolean {
  const concerns = faultKinds[fault.kind].on === 'postgres' || fault.kind.endsWith('-postgres');
  return concerns && at >= fault.from && at <= (fault.to ?? at) + aftermathMs;
}

/** Throws when Redis is away, for another trial's sake. */
async function deliveriesOf({ redis }: Stack, jobIds: readonly string[]): Promise<string[]> {
  const base = `${KEY_PREFIX}:${QUEUE_NAME}:`;
  const wanted = new Set(jobIds);
  const held: string[] = [];
  // By a script, which a cluster's client sends to the node that holds the queue.
  const list = `return redis.call('KEYS', ARGV[1])`;
  const keys = (await redis.eval(list, 1, `${base}meta`, `${base}*`)) as string[];
  for (const key of keys) {
    // A delivery is a hash of its own; `<id>:lock` beside it expires by itself.
    const id = key.slice(base.length);
    if (id.includes(':') || !wanted.has(jobIdOfDelivery(id))) continue;
    const score = await redis.zscore(`${base}delayed`, id);
    // BullMQ keeps the due time in the upper bits of the score.
    if (score !== null && Number(score) / 0x1000 > Date.now() + 60_000) continue;
    held.push(id);
  }
  return held;
}
