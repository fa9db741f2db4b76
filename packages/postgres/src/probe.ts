import type pg from 'pg';
import { processIdOf } from './client.ts';
import { parseConnectionUrl, type SessionTarget } from './connection-url.ts';
import { isWorn, sicknessOf } from './errors.ts';
import { compareMigrations, isContract, knownMigrations } from './migrations.ts';
import { createPool } from './pool.ts';
import { describeSick, type SickName } from './states.ts';

/** What is wrong with Postgres, for `readyz` and the metrics. */
export interface Sickness {
  readonly state: SickName;
  /** The part of the sentence after "Postgres". */
  readonly what: string;
}

export interface ProbeOptions {
  /** The service's own Postgres connection URL. */
  readonly url: string;
  readonly applicationName: string;
  /** What its pools want, unless the URL says; a primary unless set. */
  readonly target?: SessionTarget;
  /** Whether the service writes, which makes a read-only Postgres sick for it. */
  readonly writes: boolean;
  /** The service's pools: what they meet and no check can see, such as a full disk, counts for a while. */
  readonly pools: readonly pg.Pool[];
}

export interface Probe {
  /** Checks whether Postgres would serve now; undefined when it would. Never rejects. */
  check(): Promise<Sickness | undefined>;
  close(): Promise<void>;
}

/** How long a check or an attempt to connect may take, in milliseconds. */
const patienceMs = 1_500;

/** How often it checks of its own accord where there are several hosts, in milliseconds. */
const watchMs = 2_000;

/** How long one connection is used for checks, in seconds: after that, a new one may meet another state. */
const lifetimeSeconds = 5;

/** How long a state that a pool has met counts, in milliseconds. */
const metForMs = 10_000;

/** States for which a check is more reliable than a recently failed statement. */
const seenByLook: ReadonlySet<SickName> = new Set([
  'unreachable',
  'starting-or-stopping',
  'database-missing',
  'read-only',
  'in-recovery',
]);

/** The name of the statement below. A pooler that keeps prepared statements gives them names of its own. */
const lookName = 'kasabi-look';

const look = `
  SELECT pg_is_in_recovery() AS recovering,
         current_setting('transaction_read_only') = 'on' AS "readOnly",
         ARRAY(SELECT name::text FROM kasabi.migration) AS migrations,
         pg_backend_pid() AS pid,
         EXISTS (SELECT FROM pg_prepared_statements WHERE name = '${lookName}') AS "hasItsName",
         current_setting('idle_in_transaction_session_timeout') <> '0' AS "hasLimits"`;

interface Seen {
  readonly recovering: boolean;
  readonly readOnly: boolean;
  readonly migrations: string[];
  readonly pid: number;
  readonly hasItsName: boolean;
  readonly hasLimits: boolean;
}

/**
 * Checks Postgres on a connection of its own, so that requests and their pool neither wait for a check nor delay
 * one. It writes nothing: a server that would refuse a write says so of itself.
 *
 * With several hosts it also checks of its own accord. A primary that is frozen answers nobody and closes no
 * connection; when another host is found to be the primary instead, the pools' connections to it are broken off.
 */
export function createProbe(options: ProbeOptions): Probe {
  const own = createPool({
    url: options.url,
    target: options.target ?? 'primary',
    applicationName: options.applicationName,
    max: 1,
    statementTimeoutMs: patienceMs,
    connectTimeoutMs: patienceMs,
    maxLifetimeSeconds: lifetimeSeconds,
    // The next check reports what it met.
    onIdleError: () => undefined,
  });
  let met: { readonly state: SickName; readonly at: number } | undefined;
  for (const pool of options.pools) {
    pool.on('release', (error: unknown) => {
      const state = error ? sicknessOf(error) : undefined;
      if (state !== undefined && !seenByLook.has(state)) met = { state, at: performance.now() };
    });
  }

  const { hosts, isPooled } = parseConnectionUrl(options.url);

  function judgePooler({ hasItsName, hasLimits }: Seen, isThere: boolean): Sickness | undefined {
    if (isThere && hasItsName) {
      return poolerUnfit(keepsNone);
    }
    if (isThere && !isPooled) return poolerUnfit('DATABASE_URL has to say pooler=transaction');
    if (isPooled && !hasLimits) {
      return schemaUnknown('the role lacks idle_in_transaction_session_timeout');
    }
    return undefined;
  }

  function judge({ recovering, readOnly, migrations }: Seen): Sickness | undefined {
    const { pending, unknown } = compareMigrations(knownMigrations(), migrations);
    if (pending.length > 0) return schemaUnknown(`it lacks ${pending.join(', ')}`);
    const contracts = unknown.filter(isContract);
    if (contracts.length > 0) return schemaUnknown(`it has ${contracts.join(', ')}`);
    if (options.writes && recovering) return sick('in-recovery');
    if (options.writes && readOnly) return sick('read-only');
    if (met !== undefined && performance.now() - met.at < metForMs) return sick(met.state);
    return undefined;
  }

  async function check(): Promise<Sickness | undefined> {
    let client: pg.PoolClient | undefined;
    try {
      client = await own.connect();
      const { rows } = await client.query<Seen>({ name: lookName, text: look });
      const seen = rows[0] as Seen;
      const found = judgePooler(seen, seen.pid !== processIdOf(client)) ?? judge(seen);
      // The session may have begun this way; the next check uses a new one.
      client.release(found !== undefined);
      return found;
    } catch (error) {
      client?.release(true);
      // Another client of the pooler has that statement on this server, or this server has not.
      if (isWorn(error)) return poolerUnfit(keepsNone);
      return sick(sicknessOf(error) ?? 'unreachable');
    }
  }

  let underWay = false;
  async function watch(): Promise<void> {
    if (underWay) return;
    underWay = true;
    await check();
    underWay = false;
  }
  const timer = hosts.length > 1 ? setInterval(watch, watchMs).unref() : undefined;

  return {
    check,
    close() {
      clearInterval(timer);
      return own.end();
    },
  };
}

const sick = (state: SickName): Sickness => ({ state, what: describeSick(state).what });

const schemaUnknown = (which: string): Sickness => ({
  state: 'schema-unknown',
  what: `${describeSick('schema-unknown').what}: ${which}`,
});

const keepsNone = 'it does not keep prepared statements: set max_prepared_statements there';

const poolerUnfit = (why: string): Sickness => ({
  state: 'pooler-unfit',
  what: `${describeSick('pooler-unfit').what}: ${why}`,
});
