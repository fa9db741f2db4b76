import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  freePort,
  type ServiceName,
  serviceSettings,
  startPostgres,
  startRedis,
} from '@kasabi/local';
import { createPool, type RolePasswords, roleName } from '@kasabi/postgres';
import { startService, type TestService } from '@kasabi/test/support';
import { limitsOff, serviceSecret } from '@kasabi/test/support/stack';
import type pg from 'pg';
import { type OldVersion, unpackVersionBefore } from './version-before.ts';

export type Version = 'old' | 'new';

/** Services of the version before and of this one, on one Postgres and one Redis that nobody else uses. */
export interface TwoVersions {
  readonly old: OldVersion;
  /** The superuser's. */
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  /** What a deployment gives the services' roles, for `migrate`. */
  readonly passwords: RolePasswords;
  /** Where a version's api or status listens; also what it calls its public address. */
  urlOf(version: Version, service: 'api' | 'status'): string;
  /**
   * Starts a service with its role's own login, and waits until its `/readyz` answers 200. `anyway`: waits for its
   * `/healthz` alone.
   */
  start(version: Version, name: ServiceName, anyway?: 'anyway'): Promise<TestService>;
  stop(): Promise<void>;
}

export const operatorPassword = 'correct:horse-battery';

const passwords = {
  api: 'password-of-api',
  worker: 'password-of-worker',
  status: 'password-of-status',
  operations: 'password-of-operations',
} as const;

/** A lost worker's job is taken up within seconds. */
const hasty = { LEASE_MS: '2000', RESCUER_INTERVAL_MS: '200' };

export async function startTwoVersions(): Promise<TwoVersions> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-versions-'));
  // Postgres may run as another user, who has to get through here.
  chmodSync(folder, 0o711);
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
  const services: TestService[] = [];
  const stop = async (): Promise<void> => {
    const stopped = await Promise.allSettled(services.map((service) => service.stop()));
    for (const step of stops.splice(0).reverse()) await step();
    const failure = stopped.find((it) => it.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };
  try {
    const sources = path.join(folder, 'old');
    mkdirSync(sources);
    const old = await unpackVersionBefore(sources);
    const postgres = await startPostgres({ dir: path.join(folder, 'postgres'), ephemeral: true });
    stops.push(() => postgres.stop());
    const redis = await startRedis({ dir: path.join(folder, 'redis') });
    stops.push(() => redis.stop());
    const { url: databaseUrl } = postgres;
    const pool = createPool({ url: databaseUrl, applicationName: 'test', onIdleError: () => {} });
    stops.push(() => pool.end());
    const ports = {
      old: { api: await freePort(), status: await freePort() },
      new: { api: await freePort(), status: await freePort() },
    };
    const urlOf = (version: Version, service: 'api' | 'status'): string =>
      `http://127.0.0.1:${ports[version][service]}`;

    function settingsOf(version: Version, name: ServiceName, port: number): NodeJS.ProcessEnv {
      const settings = serviceSettings(name, port, {
        ...{ databaseUrl, redisUrl: redis.url, serviceSecret, operatorPassword },
        apiPublicUrl: urlOf(version, 'api'),
        statusPublicUrl: urlOf(version, 'status'),
      });
      const login = new URL(databaseUrl);
      login.username = roleName(name);
      login.password = passwords[name];
      return {
        ...settings,
        ...limitsOff[name],
        DATABASE_URL: login.href,
        ...(name === 'worker' && hasty),
        // In the version before, operators' pages were the status service's, and their actions the api's.
        ...(version === 'old' &&
          name !== 'worker' && { REDIS_URL: redis.url, OPERATOR_PASSWORD: operatorPassword }),
      };
    }

    return {
      ...{ old, databaseUrl, pool, passwords, urlOf, stop },
      async start(version, name, anyway) {
        const port = name === 'api' || name === 'status' ? ports[version][name] : await freePort();
        const service = await startService(name, settingsOf(version, name, port), {
          ...(version === 'old' && { program: old.program(name) }),
          ...(anyway && { readyPath: '/healthz' }),
        });
        services.push(service);
        return service;
      },
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}
