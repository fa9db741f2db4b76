import { Job, type JobJson, type JobProgress, Queue } from 'bullmq';

/**
 * A BullMQ job that does not write its id a second time, into its options, nor the number of attempts that BullMQ
 * assumes anyway. Redis then stores a delivery in 282 bytes instead of 337: BullMQ's plain job takes 329. Older
 * deliveries have both, and are read alike: the id is that of the key.
 */
class DeliveryJob<
  Data,
  Result,
  Name extends string,
  Progress extends JobProgress = JobProgress,
> extends Job<Data, Result, Name, Progress> {
  override asJSON(): JobJson {
    const json = super.asJSON();
    const { jobId: _jobId, attempts: _attempts, ...opts } = json.opts;
    return { ...json, opts };
  }
}

/** BullMQ's queue, for deliveries. */
export class DeliveryQueue<Data> extends Queue<Data> {
  protected override get Job(): typeof Job {
    return DeliveryJob;
  }
}
