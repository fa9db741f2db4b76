import type { LoadOrder } from '../load/protocol.ts';
import { applyLoad, type Load } from '../support/load.ts';
import type { Running } from '../support/processes.ts';
import { median, show } from '../support/statistics.ts';
import type { PartContext } from './part.ts';

/** One of the servers that take turns. */
export interface Side {
  readonly name: string;
  readonly server: Running;
  readonly requests: readonly string[];
  readonly expect: number;
}

/** Something else that is measured while a load runs. */
export interface Beside {
  /** Begins with a load; what it returns ends with it. */
  begin(): () => Promise<void>;
}

/** What each side did in each round. */
export type Measured = Readonly<Record<string, readonly Load[]>>;

const connections = 64;
const warmUpMs = 1_000;

/** A request with the key in the header that clients use. */
export function httpRequest(method: string, target: string, key: string, body?: string): string {
  const headers = [
    `${method} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    `X_KASABI_APIKEY: ${key}`,
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

// As clients sent it: their own clock's now, which is past when it arrives. No worker runs on either side, so what is
// measured is accepting: record and queue, not the jobs.
const jobBody = JSON.stringify({ jobType: 'reset', startTime: '2020-02-29T12:00:00Z' });

/** A request for a reset of a dataset. */
export const jobRequest = (code: string, key: string): string =>
  httpRequest('POST', `/dataset/${code}/jobs`, key, jobBody);

/** Lets the sides take turns, A B A B, once a round each, saturated: for throughput. */
export async function saturate(context: PartContext, sides: readonly Side[]): Promise<Measured> {
  // Compilers and caches of all, before anything counts.
  for (const side of sides) await run(context, side, 'saturate', context.seconds);
  return await takeTurns(context, sides, 'saturate');
}

/** Requests a second of a side in each round. */
export const throughput = (measured: Measured, name: string): number[] =>
  (measured[name] ?? []).map((load) => load.perSecond);

/** Lets the sides take turns at one constant rate: for latency. */
export async function takeTurns(
  context: PartContext,
  sides: readonly Side[],
  rate: LoadOrder['rate'],
  beside?: Beside,
): Promise<Measured> {
  const measured: Record<string, Load[]> = Object.fromEntries(sides.map((it) => [it.name, []]));
  for (let round = 0; round < context.rounds; round += 1) {
    for (const side of sides) {
      const end = beside?.begin();
      measured[side.name]?.push(await run(context, side, rate, context.seconds));
      await end?.();
    }
  }
  return measured;
}

/** Applies one load to one side. */
export async function run(
  context: PartContext,
  side: Side,
  rate: LoadOrder['rate'],
  seconds: number,
): Promise<Load> {
  const { port, pid } = side.server;
  const load = await applyLoad(
    {
      ...{ port, connections, rate, warmUpMs, durationMs: seconds * 1_000 },
      ...{ requests: side.requests, expect: side.expect },
    },
    { server: pid, ...context.servers.pids },
  );
  context.log(
    `  ${side.name}: ${show(load.perSecond)}/s, p50 ${show(load.p50)} ms, p99 ${show(load.p99)} ms; ` +
      `µs a request: ${costOf([load])}; the load itself ${show(load.ownCores)} cores`,
  );
  return load;
}

/** The processor time of one request in each process, in microseconds: medians over the rounds. */
export function costOf(loads: readonly Load[] = []): string {
  return Object.keys(loads[0]?.cost ?? {})
    .map((name) => `${name} ${Math.round(median(loads.map((load) => load.cost[name] ?? 0)))}`)
    .join(', ');
}
