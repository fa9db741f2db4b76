import type { Delivery } from '@kasabi/domain';
import { markEnqueued } from '@kasabi/jobs';
import type pg from 'pg';

/** Notes in the records what Redis holds. */
export interface Marker {
  add(deliveries: readonly Delivery[]): void;
  /** Notes what has gathered so far. */
  flush(): Promise<void>;
}

/** Well below the second after which the relay looks for records that nobody noted. */
const gatherMs = 250;

/**
 * Gathers deliveries for a quarter of a second and notes them in one statement. Nobody waits for the note,
 * and by then most jobs that were due at once have been taken up and need none. A note that is lost, by a
 * crash or an error, costs a second delivery, which is harmless.
 */
export function createMarker(pool: pg.Pool, onError: (error: unknown) => void): Marker {
  let gathered: Delivery[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const deliveries = gathered;
    gathered = [];
    if (deliveries.length > 0) await markEnqueued(pool, deliveries).catch(onError);
  }

  return {
    add(deliveries) {
      gathered.push(...deliveries);
      timer ??= setTimeout(flush, gatherMs);
    },
    flush,
  };
}
