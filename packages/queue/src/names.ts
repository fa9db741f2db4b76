/** The BullMQ queue that carries all job types. */
export const QUEUE_NAME = 'jobs';

/**
 * The prefix of every key this project keeps in Redis. Short: Redis 7 keeps a key of up to 30 characters
 * in 32 bytes, and the next in 48.
 */
export const KEY_PREFIX = 'kj';

/**
 * What a delivery carries beside its id: nothing. The id tells the record (`jobIdOfDelivery`), and everything
 * true is in Postgres.
 */
export type Payload = Record<string, never>;
