import { createServer, type Socket } from 'node:net';
import { readLines } from './lines.ts';
import type { Point } from './points.ts';
import type { Note, Order, Report, Whereabouts } from './protocol.ts';

/** A service that has reached a point and waits there. */
export interface Reached extends Whereabouts {
  readonly service: string;
  readonly pid: number;
  readonly point: Point;
}

export interface ControlOptions {
  /** Decides what happens at a point; the service goes on when the promise resolves. */
  readonly onPoint: (reached: Reached) => Promise<void>;
  readonly onNote: (note: Whereabouts & { readonly service: string; readonly note: Note }) => void;
}

/** The driver's end of the lines to the preloads. */
export interface ControlServer {
  readonly port: number;
  /** Shifts the clock of a service, if it runs. */
  skew(service: string, ms: number): void;
  close(): void;
}

export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const lines = new Map<string, Socket>();

  function send(socket: Socket, order: Order): void {
    if (!socket.destroyed) socket.write(`${JSON.stringify(order)}\n`);
  }

  const server = createServer((socket) => {
    let service = '';
    let pid = 0;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (lines.get(service) === socket) lines.delete(service);
    });
    readLines(socket, (line) => {
      const report = JSON.parse(line) as Report;
      if (report.type === 'hello') {
        ({ service, pid } = report);
        lines.set(service, socket);
      } else if (report.type === 'note') {
        options.onNote({ ...report, service });
      } else {
        const { seq, point, jobId, dataset } = report;
        void options.onPoint({ service, pid, point, jobId, dataset }).finally(() => {
          send(socket, { type: 'go', seq });
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    skew(service, ms) {
      const socket = lines.get(service);
      if (socket !== undefined) send(socket, { type: 'skew', ms });
    },
    close() {
      server.close();
      for (const socket of lines.values()) socket.destroy();
    },
  };
}
