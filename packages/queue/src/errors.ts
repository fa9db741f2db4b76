/** Redis is not connected, or takes no writes; nothing was enqueued. */
export class QueueUnavailable extends Error {
  readonly code = 'queue-unavailable';
  /** @param what goes on after "Redis". */
  constructor(what: string) {
    super(`Redis ${what}; the relay enqueues what is missing when it is back.`);
  }
}
