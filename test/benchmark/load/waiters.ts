// Clients that wait for a job each: reads a WaitersOrder from its standard input, and writes a WaitersReport when the
// jobs of all have ended.
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitersOrder, WaitersReport } from './protocol.ts';

const order = JSON.parse(await text(process.stdin)) as WaitersOrder;
/** How many connect at a time; a server that accepts a connection late is none that holds many. */
const [together, betweenMs] = [50, 25];
const told = Buffer.from(order.until);
const answeredAt: number[] = [];

async function wait(request: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: order.port, noDelay: true });
  await once(socket, 'connect');
  let hasHeard = false;
  socket.on('data', (chunk) => {
    if (hasHeard || !chunk.includes(told)) return;
    hasHeard = true;
    answeredAt.push(performance.timeOrigin + performance.now());
    if (answeredAt.length === order.requests.length) report();
  });
  socket.on('close', () => {
    if (!hasHeard) throw new Error(`The server on port ${order.port} closed a connection.`);
  });
  socket.write(request);
}

function report(): void {
  const answer: WaitersReport = { answeredAt };
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

for (let from = 0; from < order.requests.length; from += together) {
  await Promise.all(order.requests.slice(from, from + together).map(wait));
  await sleep(betweenMs);
}
