/** Redis is not connected or does not accept writes; nothing was enqueued. */
export class QueueUnavailable extends Error {
  readonly code = 'queue-unavailable';
  /** @param what the part of the sentence after "Redis". */
  constructor(what: string) {
    super(`Redis ${what}; the relay enqueues what is missing when it is back.`);
  }
}
