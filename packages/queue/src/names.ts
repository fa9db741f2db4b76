/** The BullMQ queue that carries all job types. */
export const QUEUE_NAME = 'jobs';

/** The prefix of every key this project keeps in Redis. */
export const KEY_PREFIX = 'kasabi';

/** What a delivery carries: the record's id and nothing else. Everything true is in Postgres. */
export interface Payload {
  readonly jobId: string;
}
