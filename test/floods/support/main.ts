// The flooding process: reads a FloodOrder from its standard input and writes a FloodReport.
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FloodOrder, FloodReport } from './protocol.ts';

interface Connection {
  readonly socket: Socket;
  underWay: number;
  /** The end of what has arrived, where a status line may have begun. */
  rest: string;
}

const order = JSON.parse(await text(process.stdin)) as FloodOrder;
const connections = new Set<Connection>();
/** Those with room for another request, the one that has waited longest first. */
const free: Connection[] = [];
const answers: Record<string, number> = {};
const statusLine = /HTTP\/1\.1 (\d{3}) /g;
const longestStatusLine = 13;
let [sent, closed, open] = [0, 0, 0];

function openConnection(): Connection {
  const localAddress = order.from[(closed + connections.size) % order.from.length] ?? '127.0.0.1';
  const socket = connect({ host: '127.0.0.1', port: order.port, localAddress, noDelay: true });
  const connection: Connection = { socket, underWay: 0, rest: '' };
  connections.add(connection);
  open = Math.max(open, connections.size);
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    const data = connection.rest + String(chunk);
    const hadRoom = connection.underWay < order.depth;
    for (const [, status = ''] of data.matchAll(statusLine)) {
      answers[status] = (answers[status] ?? 0) + 1;
      // A stream of events begins with its status, and takes the connection for good.
      if (!data.includes('text/event-stream')) connection.underWay -= 1;
    }
    // No status line is counted twice: what is kept is shorter than one.
    connection.rest = data.slice(-longestStatusLine + 1).replace(/^.*HTTP\/1\.1 \d{3} /s, '');
    if (!hadRoom && connection.underWay < order.depth) free.push(connection);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed += 1;
    connections.delete(connection);
  });
  return connection;
}

/** A connection that takes another request; undefined while there is none. */
function room(): Connection | undefined {
  for (let next = free[0]; next !== undefined; next = free[0]) {
    if (connections.has(next) && next.underWay < order.depth) return next;
    free.shift();
  }
  if (connections.size >= order.connections) return undefined;
  const made = openConnection();
  free.push(made);
  return made;
}

function send(connection: Connection): void {
  const n = String(sent);
  const request = order.request.replaceAll('{n}', n).replaceAll('{byte}', String(sent % 256));
  sent += 1;
  connection.underWay += 1;
  connection.socket.write(request, 'latin1');
  // The next request goes by another connection.
  if (free[0] === connection) free.shift();
  if (connection.underWay < order.depth) free.push(connection);
}

const began = performance.now();
for (let elapsed = 0; elapsed < order.durationMs; elapsed = performance.now() - began) {
  const wanted = Math.min((elapsed / 1_000) * order.perSecond, order.requests);
  while (sent < wanted) {
    const connection = room();
    if (connection === undefined) break;
    send(connection);
  }
  await sleep(5);
}
const report: FloodReport = { sent, answers, closed, open };
process.stdout.write(JSON.stringify(report), () => process.exit(0));
