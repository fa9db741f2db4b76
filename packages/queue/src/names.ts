/**
 * The BullMQ queue that carries all job types. The name is short, because Redis 7 stores a key of up to 30 characters in
 * 32 bytes, and a longer one in 48: with the prefix and an id of 22, a delivery's has 29.
 */
export const QUEUE_NAME = 'j';

/**
 * The prefix of the queue's keys, and of all that is read or written together with it. What is in braces decides which
 * node of a cluster holds a key: all of these are on the same one.
 */
export const KEY_PREFIX = '{kj}';

/** The prefix of keys that have nothing to do with each other, which a cluster spreads over its nodes. */
export const SPREAD_KEY_PREFIX = 'kj';

/**
 * The data of a delivery: none. Its id names the record (`jobIdOfDelivery`), and the truth is in Postgres.
 */
export type Payload = Record<string, never>;
