import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@kasabi/local';
import type { PostgresStop, RedisStop } from './servers.ts';
import type { Service } from './service.ts';
import type { Stack } from './stack.ts';

/** What the suite can do to the stack: the verbs that faults are made of. */
export interface Driver {
  /** SIGKILL, and the end of the process is waited for. */
  kill(service: Service): Promise<void>;
  /** SIGTERM; the end is not waited for. */
  terminate(service: Service): void;
  /** Starts a service that has ended again, on the same ports. */
  start(service: Service): Promise<void>;
  freeze(service: Service): void;
  thaw(service: Service): void;
  cutSocket(service: Service, server: 'postgres' | 'redis', serverUntoldMs?: number): void;
  stallSocket(service: Service, server: 'postgres' | 'redis', forMs: number): Promise<void>;
  delaySocket(service: Service, server: 'postgres' | 'redis', byMs: number): void;
  flushRedis(): Promise<void>;
  restartRedis(how: RedisStop, downMs: number): Promise<void>;
  restartPostgres(how: PostgresStop, downMs: number): Promise<void>;
  skewClock(service: Service, ms: number): void;
  /** Resolves to whether the condition came true in time. */
  waitUntil(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean>;
}

export function createDriver(stack: Stack): Driver {
  return {
    async kill(service) {
      service.signal('SIGKILL');
      await service.ended();
    },
    terminate(service) {
      service.signal('SIGTERM');
    },
    start: (service) => service.start(),
    freeze(service) {
      service.signal('SIGSTOP');
    },
    thaw(service) {
      service.signal('SIGCONT');
    },
    cutSocket(service, server, serverUntoldMs) {
      service[server].cut(serverUntoldMs === undefined ? {} : { serverUntold: serverUntoldMs });
    },
    async stallSocket(service, server, forMs) {
      service[server].stall();
      await sleep(forMs);
      service[server].release();
    },
    delaySocket(service, server, byMs) {
      service[server].delay(byMs);
    },
    async flushRedis() {
      // The suite's own connection may still be on its way back from a restart.
      for (let left = 100; ; left -= 1) {
        try {
          await stack.redis.flushall();
          return;
        } catch (error) {
          if (left === 0) throw error;
          await sleep(50);
        }
      }
    },
    async restartRedis(how, downMs) {
      await stack.servers.stopRedis(how);
      await sleep(downMs);
      await stack.servers.startRedis();
    },
    async restartPostgres(how, downMs) {
      await stack.servers.stopPostgres(how);
      await sleep(downMs);
      await stack.servers.startPostgres();
    },
    skewClock(service, ms) {
      service.skewMs = ms;
      stack.control.skew(service.name, ms);
    },
    waitUntil: (condition, timeoutMs) => waitUntil(condition, { timeoutMs, everyMs: 40 }),
  };
}
