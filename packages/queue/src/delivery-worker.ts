import { type RedisQueueBackend, Worker } from 'bullmq';
import { longestBlockSeconds } from './open.ts';

/** BullMQ's worker, which notices soon that its Redis is gone, and finds the next one. */
export class DeliveryWorker<Data> extends Worker<Data> {
  /** In seconds. BullMQ blocks for 10 s, for which it cannot tell a frozen server from a quiet one. */
  protected override getBlockTimeout(blockUntil: number): number {
    return Math.min(super.getBlockTimeout(blockUntil), longestBlockSeconds);
  }

  protected override createBackend(): void {
    super.createBackend();
    const { backend } = this;
    backend.waitForJob = (seconds) => waitForJob(backend, seconds);
  }

  /** Ends the connections at once, whatever state they are in. */
  async cut(): Promise<void> {
    const blocking = await this.backend.blockingClient;
    blocking?.disconnect();
  }
}

/**
 * Waits for the marker that BullMQ sets when there is a job. BullMQ's own does the same, and disconnects when the answer
 * is a second late. A cluster's client without a node to disconnect never says that it has, and the worker stopped for
 * good. Here the socket's time-out ends a wait that nobody answers.
 */
async function waitForJob(backend: RedisQueueBackend, seconds: number) {
  const client = await backend.blockingClient;
  const [, member, score] = (await client?.bzpopmin(backend.keys['marker'] ?? '', seconds)) ?? [];
  return member === undefined ? null : { member, score: Number.parseInt(score ?? '', 10) };
}
