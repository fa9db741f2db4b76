/** The BullMQ queue that carries all job types. */
export const QUEUE_NAME = 'jobs';

/**
 * The prefix of every key this project keeps in Redis. Short, because Redis 7 stores a key of up to 30
 * characters in 32 bytes, and a longer one in 48.
 */
export const KEY_PREFIX = 'kj';

/**
 * The data of a delivery: none. Its id names the record (`jobIdOfDelivery`), and the truth is in Postgres.
 */
export type Payload = Record<string, never>;
