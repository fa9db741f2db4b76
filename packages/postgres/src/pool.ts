import pg from 'pg';
import { defaultConnectTimeoutMs, SessionClient, SessionPool, sessionConfig } from './client.ts';
import { parseConnectionUrl, type SessionTarget } from './connection-url.ts';
import { renewWhenSick } from './renew.ts';

export interface PoolOptions {
  /** A Postgres connection URL; it may name several hosts. */
  readonly url: string;
  /** What the sessions are wanted for, unless the URL says; a primary unless set. */
  readonly target?: SessionTarget;
  /** Shown in pg_stat_activity and in Postgres's logs. */
  readonly applicationName: string;
  /** The most connections at a time; 10 unless set. */
  readonly max?: number;
  /** Postgres ends a session that idles inside a transaction for longer, in milliseconds. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Postgres ends a statement that runs for longer, in milliseconds. */
  readonly statementTimeoutMs?: number;
  /** The age in seconds at which a connection is closed once it is idle; 600 unless set. */
  readonly maxLifetimeSeconds?: number;
  /** How often a connection may be taken from the pool until it is closed; without a limit unless set. */
  readonly maxUses?: number;
  /** How long a connection attempt may take, in milliseconds; 5,000 unless set. */
  readonly connectTimeoutMs?: number;
  /** Sends statements without waiting for the answers to earlier ones; see `pipelined`. */
  readonly pipeline?: boolean;
  /** Refuses to connect by way of a pooler (`PoolerInTheWay`). */
  readonly needsSession?: boolean;
  /** Called when an idle connection breaks. */
  readonly onIdleError: (error: Error) => void;
}

// int8 as number: fences and counts stay far below 2^53, and a string in arithmetic is a silent bug.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
};

/**
 * The age at which a session ends unless its pool says otherwise, in seconds. It keeps memory for every dataset
 * whose table it has touched (24 KiB, and Postgres's caches of the table), and a new one costs a few milliseconds.
 */
const defaultLifetimeSeconds = 600;

/**
 * Makes a connection pool whose sessions all begin with the same settings (`sessionUrl`), on whichever host of the URL
 * suits, and which replaces them when Postgres turns out to be sick (`renewWhenSick`). A connection attempt fails after 5 s instead of waiting
 * forever, so that a service whose Postgres is away answers instead of queueing.
 */
export function createPool(options: PoolOptions): pg.Pool {
  // To a pooler such parameters are unknown; the roles have them, and the answers are limited here.
  const sendsLimits = !parseConnectionUrl(options.url).isPooled;
  const pool = new SessionPool({
    Client: SessionClient as unknown as new () => pg.ClientBase,
    ...sessionConfig(options.url, options.target ?? 'primary'),
    ...{ needsSession: options.needsSession ?? false },
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    maxLifetimeSeconds: options.maxLifetimeSeconds ?? defaultLifetimeSeconds,
    ...(options.maxUses !== undefined && { maxUses: options.maxUses }),
    keepAlive: true,
    // Finds out within 20 s, with the 10 probes of libuv, that the other machine is gone.
    keepAliveInitialDelayMillis: 10_000,
    pipeline: options.pipeline ?? false,
    types,
    ...(options.idleInTransactionTimeoutMs !== undefined &&
      sendsLimits && {
        idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
      }),
    ...(options.statementTimeoutMs !== undefined && {
      ...(sendsLimits && { statement_timeout: options.statementTimeoutMs }),
      // A frozen Postgres, or one cut off silently, cancels nothing: give up here, too.
      answerTimeoutMs: options.statementTimeoutMs + 1_000,
    }),
  });
  pool.on('error', options.onIdleError);
  renewWhenSick(pool);
  return pool;
}

/** Postgres's clock, in milliseconds since the epoch. */
export async function databaseNow(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  );
  return (rows[0] as { now: number }).now;
}
