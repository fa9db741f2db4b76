import { jobIdOfDelivery } from '@kasabi/queue';
import type { Control } from './control.ts';
import type { Directory } from './whereabouts.ts';

interface BulkEntry {
  readonly opts: { readonly jobId: string };
}

interface QueuedJob {
  readonly id: string;
}

type Method<This> = (this: This, ...args: unknown[]) => Promise<unknown>;

/** The part of BullMQ that is wrapped. */
interface BullMQ {
  readonly Queue: { prototype: { addBulk: Method<unknown> } };
  readonly Job: {
    prototype: { moveToCompleted: Method<QueuedJob>; moveToDelayed: Method<QueuedJob> };
  };
}

/** Makes the service stop before it adds a delivery and before it acknowledges one. */
export async function watchQueue(control: Control, directory: Directory): Promise<void> {
  // By a variable: BullMQ is a dependency of the queue package, whose copy this has to be.
  const name = 'bullmq';
  const { Queue, Job } = (await import(name)) as BullMQ;
  const { addBulk } = Queue.prototype;
  Queue.prototype.addBulk = async function (...args) {
    for (const { opts } of args[0] as BulkEntry[]) {
      const jobId = jobIdOfDelivery(opts.jobId);
      const dataset = directory.datasetOf(jobId);
      // Only the API knows datasets of jobs that no worker has claimed; the relay passes freely.
      if (dataset !== '' && !directory.jobOn(dataset)) {
        await control.reach('between-record-and-enqueue', { jobId, dataset });
      }
    }
    return await addBulk.apply(this, args);
  };

  const { moveToCompleted, moveToDelayed } = Job.prototype;
  Job.prototype.moveToCompleted = async function (...args) {
    const jobId = jobIdOfDelivery(this.id);
    const where = { jobId, dataset: directory.datasetOf(jobId) };
    control.note('dropped', where);
    // Only once per completed job: a second delivery of it is acknowledged without ado.
    if (directory.completed.delete(jobId)) await control.reach('before-acknowledgement', where);
    return await moveToCompleted.apply(this, args);
  };
  Job.prototype.moveToDelayed = async function (...args) {
    const jobId = jobIdOfDelivery(this.id);
    control.note('given-back', { jobId, dataset: directory.datasetOf(jobId) });
    return await moveToDelayed.apply(this, args);
  };
}
