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
  const id = Buffer.from(jobId.replaceAll('-', ''), 'hex').toString('base64url');
  return attempt === 0 ? id : `${id}.${attempt}`;
}

/** The record's id in a delivery's. */
export function jobIdOfDelivery(id: string): string {
  const hex = Buffer.from(id.split('.')[0] ?? '', 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
