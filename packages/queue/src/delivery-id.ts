import { uuidFromBase64url, uuidToBase64url } from '@kasabi/domain';

/**
 * The BullMQ id of a delivery: the record's id in base64url and, for a rescued job, its attempt. The lost
 * worker's delivery stays active in Redis until BullMQ's stalled check, and a new one with the same id would
 * be dropped.
 *
 * Short, because Redis keeps it in the key and in the queue's order: with 32 hexadecimal digits, each would take a
 * block of the next size.
 */
export function deliveryId({ jobId, attempt }: { jobId: string; attempt: number }): string {
  const id = uuidToBase64url(jobId);
  return attempt === 0 ? id : `${id}.${attempt}`;
}

/** The record's id contained in a delivery's id. */
export function jobIdOfDelivery(id: string): string {
  return uuidFromBase64url(id.split('.')[0] ?? '');
}
