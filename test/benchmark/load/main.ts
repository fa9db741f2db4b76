// The load process: reads a LoadOrder from its standard input and writes a LoadReport.
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, openConnection } from './connection.ts';
import type { LoadOrder, LoadReport } from './protocol.ts';

const order = JSON.parse(await text(process.stdin)) as LoadOrder;
const requests = order.requests.map((request) => Buffer.from(request, 'latin1'));
const latencies: number[] = [];
let next = 0;
let answeredInAll = 0;
let wrong = 0;
let measuring = false;

function send(connection: Connection): void {
  connection.send(requests[next] as Buffer);
  next = (next + 1) % requests.length;
}

/** `since`: when the answered request was, or should have been, sent. */
function note(status: number, since: number): void {
  answeredInAll += 1;
  if (status !== order.expect) wrong += 1;
  if (measuring) latencies.push(performance.now() - since);
}

/** Every connection always has a request under way. */
function saturate(): void {
  for (let i = 0; i < order.connections; i += 1) {
    let sent = performance.now();
    const connection = openConnection(order.port, (status) => {
      note(status, sent);
      sent = performance.now();
      send(connection);
    });
    send(connection);
  }
}

/**
 * Requests at a constant rate. Latency counts from the moment at which a request should have been sent, so
 * that those which had to wait for a slow server are not left out (coordinated omission). The timer's
 * millisecond is in the latencies of both sides alike.
 */
function atRate(rate: number): void {
  const idle: { send(since: number): void }[] = [];
  const late: number[] = [];
  let until = performance.now();
  for (let i = 0; i < order.connections; i += 1) {
    let since = 0;
    const slot = {
      send(intended: number): void {
        since = intended;
        send(connection);
      },
    };
    const connection = openConnection(order.port, (status) => {
      note(status, since);
      const waiting = late.shift();
      if (waiting === undefined) idle.push(slot);
      else slot.send(waiting);
    });
    idle.push(slot);
  }
  setInterval(() => {
    for (const now = performance.now(); until <= now; until += 1_000 / rate) {
      // The one that has been idle for longest: a server closes a connection that never asks for anything.
      const slot = idle.shift();
      if (slot === undefined) late.push(until);
      else slot.send(until);
    }
  }, 1);
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

if (order.rate === 'saturate') saturate();
else atRate(order.rate);
await sleep(order.warmUpMs);
const [began, cpu] = [performance.now(), process.cpuUsage()];
measuring = true;
await sleep(order.durationMs);
measuring = false;
const [elapsedMs, used] = [performance.now() - began, process.cpuUsage(cpu)];
const sorted = Float64Array.from(latencies).sort();
const report: LoadReport = {
  answered: sorted.length,
  answeredInAll,
  perSecond: sorted.length / (elapsedMs / 1_000),
  p50: percentile(sorted, 0.5),
  p99: percentile(sorted, 0.99),
  max: sorted.at(-1) ?? Number.NaN,
  wrong,
  ownCores: (used.user + used.system) / 1_000 / elapsedMs,
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
