import type pg from 'pg';
import { sicknessOf } from './errors.ts';
import { compareMigrations, knownMigrations } from './migrations.ts';
import { createPool } from './pool.ts';
import { describeSick, type SickName } from './states.ts';

/** What is wrong with Postgres, for `readyz` and the metrics. */
export interface Sickness {
  readonly state: SickName;
  /** As a sentence goes on after "Postgres". */
  readonly what: string;
}

export interface ProbeOptions {
  /** The service's own Postgres connection URL. */
  readonly url: string;
  readonly applicationName: string;
  /** Whether the service writes, so that a Postgres that is read-only is sick for it. */
  readonly writes: boolean;
  /** The service's pools: what they meet and no look can tell, such as a full disk, counts for a while. */
  readonly pools: readonly pg.Pool[];
}

export interface Probe {
  /** Looks whether Postgres would serve now; undefined when it would. Never rejects. */
  check(): Promise<Sickness | undefined>;
  close(): Promise<void>;
}

/** A look is given up after so many milliseconds, and so is an attempt to connect. */
const patienceMs = 1_500;

/** A connection is looked through for so many seconds: what a new one would meet is soon known. */
const lifetimeSeconds = 5;

/** What a pool has met is believed for so many milliseconds. */
const metForMs = 10_000;

/** What a look tells better than a statement that failed a moment ago. */
const seenByLook: ReadonlySet<SickName> = new Set([
  'unreachable',
  'starting-or-stopping',
  'database-missing',
  'read-only',
  'in-recovery',
]);

const look = `
  SELECT pg_is_in_recovery() AS recovering,
         current_setting('transaction_read_only') = 'on' AS "readOnly",
         ARRAY(SELECT name::text FROM kasabi.migration) AS migrations`;

interface Seen {
  readonly recovering: boolean;
  readonly readOnly: boolean;
  readonly migrations: string[];
}

/**
 * Looks at Postgres on a connection of its own, so that requests and their pool neither wait for a look nor
 * keep one waiting. It writes nothing: a server that would refuse a write says so of itself.
 */
export function createProbe(options: ProbeOptions): Probe {
  const own = createPool({
    url: options.url,
    applicationName: options.applicationName,
    max: 1,
    statementTimeoutMs: patienceMs,
    connectTimeoutMs: patienceMs,
    maxLifetimeSeconds: lifetimeSeconds,
    // The next look says what it met.
    onIdleError: () => undefined,
  });
  let met: { readonly state: SickName; readonly at: number } | undefined;
  for (const pool of options.pools) {
    pool.on('release', (error: unknown) => {
      const state = error ? sicknessOf(error) : undefined;
      if (state !== undefined && !seenByLook.has(state)) met = { state, at: performance.now() };
    });
  }

  function judge({ recovering, readOnly, migrations }: Seen): Sickness | undefined {
    const { pending, unknown } = compareMigrations(knownMigrations(), migrations);
    if (pending.length > 0) return schemaUnknown(`it lacks ${pending.join(', ')}`);
    if (unknown.length > 0) return schemaUnknown(`it has ${unknown.join(', ')}`);
    if (options.writes && recovering) return sick('in-recovery');
    if (options.writes && readOnly) return sick('read-only');
    if (met !== undefined && performance.now() - met.at < metForMs) return sick(met.state);
    return undefined;
  }

  return {
    async check() {
      let client: pg.PoolClient | undefined;
      try {
        client = await own.connect();
        const { rows } = await client.query<Seen>(look);
        const found = judge(rows[0] as Seen);
        // Its session may have begun so; the next look is through a new one.
        client.release(found !== undefined);
        return found;
      } catch (error) {
        client?.release(true);
        return sick(sicknessOf(error) ?? 'unreachable');
      }
    },
    close: () => own.end(),
  };
}

const sick = (state: SickName): Sickness => ({ state, what: describeSick(state).what });

const schemaUnknown = (which: string): Sickness => ({
  state: 'schema-unknown',
  what: `${describeSick('schema-unknown').what}: ${which}`,
});
