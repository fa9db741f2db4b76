import type pg from 'pg';
import { SessionClient } from './client.ts';
import { spoiltBy } from './errors.ts';

/**
 * Closes all connections of a pool when one of them met a sick Postgres, or one that was promoted or demoted: idle ones at once, the others as they
 * are returned. Otherwise each would have to meet it by itself, at the cost of a request, and connections that
 * only read never would: they would keep reading from a server that is no longer the primary.
 *
 * While the sickness lasts, each occurrence costs the connections made since the last one.
 */
export function renewWhenSick(pool: pg.Pool): void {
  /** Connections made since Postgres was last found sick. */
  let known = new WeakSet<pg.PoolClient>();
  let closing = false;

  /** Takes out as many as are idle, closes the older ones, and returns the others. */
  function closeOld(): void {
    closing = false;
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect((_error, client, release) => {
        // A request may have taken the last idle connection; one made for this is fine, too.
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
    const isUnsuited = client instanceof SessionClient && client.isUnsuited;
    if (isUnsuited || spoiltBy(error) === 'pool') {
      known = new WeakSet();
      closeOldSoon();
    } else if (!error && !known.has(client)) closeOldSoon();
  });
}
