import { Gauge, type Registry } from 'prom-client';

/** The properties of a Postgres pool that are measured. */
export interface MeasuredPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number | undefined };
}

/** Shows how much of a process's Postgres pools is in use, by their names. */
export function measurePools(
  registry: Registry,
  pools: Readonly<Record<string, MeasuredPool>>,
): void {
  const gauge = (name: string, help: string, read: (pool: MeasuredPool) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers: [registry],
      collect() {
        for (const [of, pool] of Object.entries(pools)) this.set({ pool: of }, read(pool));
      },
    });
  gauge(
    'kasabi_db_pool_connections_busy',
    'Postgres connections in use.',
    (pool) => pool.totalCount - pool.idleCount,
  );
  gauge(
    'kasabi_db_pool_connections_idle',
    'Postgres connections open and not in use.',
    (pool) => pool.idleCount,
  );
  gauge(
    'kasabi_db_pool_connections_max',
    'The most Postgres connections that the pool opens.',
    (pool) => pool.options.max ?? 10,
  );
  gauge(
    'kasabi_db_pool_waiting',
    'Statements and transactions that wait for a connection.',
    (pool) => pool.waitingCount,
  );
}
