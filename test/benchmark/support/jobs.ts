import { digestKey } from '@kasabi/accounts';
import { acceptJobs, markEnqueued } from '@kasabi/jobs';
import { connect, createProducer, type Producer } from '@kasabi/queue';
import type { World } from './world.ts';

/** The product's way into the queue, without its API. */
export interface JobMaker {
  readonly producer: Producer;
  /** Accepts a job for each start time, over the datasets in turn, and enqueues it; resolves to their ids. */
  make(startTimes: readonly Date[]): Promise<string[]>;
  /** The same without Redis. */
  accept(startTimes: readonly Date[]): Promise<string[]>;
  close(): Promise<void>;
}

const batchSize = 500;

export async function createJobMaker(world: World): Promise<JobMaker> {
  const redis = await connect({ url: world.servers.redisUrl, name: 'bench', onError: fail });
  const producer = createProducer(redis, fail);
  const keyDigest = digestKey(world.key);
  let next = 0;

  async function batches(times: readonly Date[], enqueue: boolean): Promise<string[]> {
    const ids: string[] = [];
    for (let from = 0; from < times.length; from += batchSize) {
      const outcomes = await acceptJobs(
        world.pool,
        times.slice(from, from + batchSize).map((startTime) => {
          next += 1;
          const datasetCode = world.datasets[next % world.datasets.length] ?? '';
          return { keyDigest, datasetCode, type: 'reset', startTime };
        }),
        { maxScheduleDays: 366 },
      );
      const deliveries = outcomes.map((outcome) => {
        if (outcome.outcome !== 'accepted') throw new Error(`A job was ${outcome.outcome}.`);
        const { id, startTime } = outcome.job;
        return { jobId: id, attempt: 0, due: startTime.getTime() };
      });
      ids.push(...deliveries.map((delivery) => delivery.jobId));
      if (!enqueue) continue;
      await producer.enqueue(deliveries);
      await markEnqueued(world.pool, deliveries);
    }
    return ids;
  }

  return {
    producer,
    make: (startTimes) => batches(startTimes, true),
    accept: (startTimes) => batches(startTimes, false),
    async close() {
      await producer.close();
      redis.disconnect();
    },
  };
}

function fail(error: Error): never {
  throw error;
}
