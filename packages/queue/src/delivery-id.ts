import { uuidFromBase64url, uuidToBase64url } from '@kasabi/domain';

/**
 * The BullMQ id of a delivery: the record's id in base64url and, for a rescued job, its attempt. The lost
 * worker's delivery stays active in Redis until BullMQ's stalled check, and a new one with the same id would
 * be dropped.
 *
 * Short, because BullMQ writes it into the job's options, and Redis stores a hash with any value longer than
 * 64 bytes in a form that takes twice the memory: a delivery took 720 bytes with 32 hexadecimal digits, and
 * 345 with these 22 characters.
 */
export function deliveryId({ jobId, attempt }: { jobId: string; attempt: number }): string {
  const id = uuidToBase64url(jobId);
  return attempt === 0 ? id : `${id}.${attempt}`;
}

/** The record's id contained in a delivery's id. */
export function jobIdOfDelivery(id: string): string {
  return uuidFromBase64url(id.split('.')[0] ?? '');
}
