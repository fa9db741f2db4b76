import type pg from 'pg';
import { spoiltBy } from './errors.ts';

/**
 * Closes all connections of a pool when one of them met a sick Postgres: the idle ones at once, the others
 * as they come back. Each would have to meet it by itself otherwise, at the cost of a request, and those
 * that only read never would: they would go on reading from a server that is no longer the primary.
 *
 * While the sickness lasts, each round of it costs the connections made since.
 */
export function renewWhenSick(pool: pg.Pool): void {
  /** Those made since Postgres was last found sick. */
  let known = new WeakSet<pg.PoolClient>();
  let closing = false;

  /** Takes out as many as idle, closes those of before, and gives back the others. */
  function closeOld(): void {
    closing = false;
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect((_error, client, release) => {
        // A connection made for this, since a request took the last that idled, is as good as any.
        if (client !== undefined) release(!known.has(client));
      });
    }
  }

  function closeOldSoon(): void {
    if (closing) return;
    closing = true;
    setImmediate(closeOld);
  }

  pool.on('connect', (client) => known.add(client));
  pool.on('release', (error: unknown, client: pg.PoolClient) => {
    if (spoiltBy(error) === 'pool') {
      known = new WeakSet();
      closeOldSoon();
    } else if (!error && !known.has(client)) closeOldSoon();
  });
}
