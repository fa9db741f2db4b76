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

/**
 * Lets the sides take turns, A B A B, once a round each: first saturated, for throughput, then at one
 * constant rate for all, for latency: 70 % of the slowest `paced` side's throughput.
 */
export async function alternate(
  context: PartContext,
  sides: readonly Side[],
  paced: readonly string[],
): Promise<{ saturated: Measured; steady: Measured; rate: number }> {
  // Compilers and caches of all, before anything counts.
  for (const side of sides) await run(context, side, 'saturate', context.seconds);
  const saturated = await takeTurns(context, sides, 'saturate');
  const slowest = Math.min(
    ...paced.map((name) => median((saturated[name] ?? []).map((load) => load.perSecond))),
  );
  const rate = Math.round(slowest * 0.7);
  const atRate = sides.filter((side) => paced.includes(side.name));
  return { saturated, steady: await takeTurns(context, atRate, rate), rate };
}

async function takeTurns(
  context: PartContext,
  sides: readonly Side[],
  rate: LoadOrder['rate'],
): Promise<Measured> {
  const measured: Record<string, Load[]> = Object.fromEntries(sides.map((it) => [it.name, []]));
  for (let round = 0; round < context.rounds; round += 1) {
    for (const side of sides) {
      measured[side.name]?.push(await run(context, side, rate, context.seconds));
    }
  }
  return measured;
}

async function run(
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
