import { uuidFromBase64url, uuidToBase64url } from '@kasabi/domain';

/**
 * The BullMQ id of a delivery: the record's id in base64url, and for a rescued job also its attempt. The
 * lost worker's delivery stays active in Redis until BullMQ's stalled check, and would swallow one with the
 * same id.
 *
 * Short, because BullMQ writes it into the job's options, and Redis keeps a hash with a value of more than
 * 64 bytes in a form that takes twice the memory: with 32 hexadecimal digits a delivery took 720 bytes, with
 * these 22 characters 345.
 */
export function deliveryId({ jobId, attempt }: { jobId: string; attempt: number }): string {
  const id = uuidToBase64url(jobId);
  return attempt === 0 ? id : `${id}.${attempt}`;
}

/** The record's id in a delivery's. */
export function jobIdOfDelivery(id: string): string {
  return uuidFromBase64url(id.split('.')[0] ?? '');
}
