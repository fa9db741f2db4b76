/** The moments at which the suite can make something happen, in the order a job passes them. */
export const points = [
  // In the API:
  'after-record', // the record is committed, the client not yet answered
  'between-record-and-enqueue', // the client is answered, Redis does not have the delivery
  'after-enqueue-before-mark', // Redis has it, the record does not say so
  // In a worker:
  'after-claim', // the claim is committed
  'before-lock-commit', // the dataset is locked in an open transaction
  'after-lock', // the lock is committed
  'in-clear', // after TRUNCATE or DELETE, in an open transaction
  'before-clear-commit', // cleared, unlocked and completed in an open transaction
  'after-clear-commit', // all that is committed
  'before-acknowledgement', // the record is completed, BullMQ has not heard of it
] as const;

export type Point = (typeof points)[number];

/** True for a point that the API passes. */
export function isApiPoint(point: Point): boolean {
  return points.indexOf(point) < points.indexOf('after-claim');
}
