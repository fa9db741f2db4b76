import { connect } from 'node:net';
import type { PreloadSettings } from '../env.ts';
import { readLines } from '../lines.ts';
import type { Point } from '../points.ts';
import type { Note, Order, Report, Whereabouts } from '../protocol.ts';

/** The line to the driver. */
export interface Control {
  /** Reports a point and resolves when the driver lets the service go on. */
  reach(point: Point, where: Whereabouts): Promise<void>;
  note(note: Note, where: Whereabouts): void;
}

/** Connects to the driver and says who this is. Without the driver every point is passed at once. */
export async function connectControl(
  settings: PreloadSettings,
  onSkew: (ms: number) => void,
): Promise<Control> {
  const waiting = new Map<number, () => void>();
  const socket = connect({ host: '127.0.0.1', port: settings.controlPort });
  socket.setNoDelay(true);
  const lost = (): void => {
    for (const go of waiting.values()) go();
    waiting.clear();
  };
  socket.on('error', lost);
  socket.on('close', lost);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // The line must not keep a service alive that has stopped in order.
  socket.unref();
  readLines(socket, (line) => {
    const order = JSON.parse(line) as Order;
    if (order.type === 'skew') onSkew(order.ms);
    else {
      waiting.get(order.seq)?.();
      waiting.delete(order.seq);
    }
  });
  const send = (report: Report): void => {
    socket.write(`${JSON.stringify(report)}\n`);
  };
  send({ type: 'hello', service: settings.service, pid: process.pid });

  let seq = 0;
  return {
    async reach(point, where) {
      if (socket.destroyed) return;
      seq += 1;
      const mine = seq;
      await new Promise<void>((resolve) => {
        waiting.set(mine, resolve);
        send({ type: 'point', seq: mine, point, ...where });
      });
    },
    note(note, where) {
      if (!socket.destroyed) send({ type: 'note', note, ...where });
    },
  };
}
