import { Worker } from 'bullmq';
import { longestBlockSeconds } from './open.ts';

/** How long a worker waits, in milliseconds, after its blocking command has failed; BullMQ waits 5 s. */
const afterFailureMs = 250;

/** BullMQ's worker, which notices soon that its Redis is gone. */
export class DeliveryWorker<Data> extends Worker<Data> {
  /** In seconds. BullMQ blocks for 10 s, for which it cannot tell a frozen server from a quiet one. */
  protected override getBlockTimeout(blockUntil: number): number {
    return Math.min(super.getBlockTimeout(blockUntil), longestBlockSeconds);
  }

  override delay(...[milliseconds = afterFailureMs, stop]: Parameters<Worker['delay']>) {
    return super.delay(milliseconds, stop);
  }
}
