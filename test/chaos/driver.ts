import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@kasabi/local';
import { pauseAsOperator, resumeAsOperator } from '@kasabi/operations';
import type { Fault } from './faults.ts';
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
  /** Redis becomes a replica of a server that is not there, and then a master again. */
  demoteRedis(forMs: number): Promise<void>;
  /** Another Redis takes over. */
  failOverRedis(): Promise<void>;
  /** New transactions may not write; with `stays`, on a connection made meanwhile not even later. */
  readOnlyPostgres(forMs: number, stays: boolean): Promise<void>;
  /**
   * Pauses a dataset, or all, and resumes after `forMs`. `onPaused` is told once no job may start any more;
   * the end of what it is told is set before the resume begins.
   */
  pause(
    dataset: string | undefined,
    forMs: number,
    onPaused: (paused: NonNullable<Fault['paused']>) => void,
  ): Promise<void>;
  skewClock(service: Service, ms: number): void;
  /** Resolves to whether the condition came true in time. */
  waitUntil(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean>;
}

const operatorAddress = 'chaos';

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
      // Redis may still be on its way back from a restart.
      for (let left = 100; ; left -= 1) {
        try {
          await stack.servers.flushRedis();
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
    async demoteRedis(forMs) {
      await stack.servers.demoteRedis();
      await sleep(forMs);
      await stack.servers.promoteRedis();
    },
    async failOverRedis() {
      await stack.servers.failOverRedis();
      stack.toRedis.cut();
    },
    async readOnlyPostgres(forMs, stays) {
      const of = stays ? 'new' : 'all';
      await stack.servers.setReadOnly(true, of);
      await sleep(forMs);
      await stack.servers.setReadOnly(false, of);
    },
    async pause(dataset, forMs, onPaused) {
      const action = { dataset, operatorAddress };
      let paused: NonNullable<Fault['paused']> | undefined;
      // Postgres may be away for another trial's sake.
      await waitUntil(
        async () => {
          const done = await pauseAsOperator(stack.admin, action).catch(() => undefined);
          if (done === undefined || done.outcome === 'dataset-unknown') return false;
          if (done.unsettled === 0) {
            paused = { dataset, from: Date.now(), to: Number.POSITIVE_INFINITY };
            onPaused(paused);
          }
          return true;
        },
        { timeoutMs: 20_000, everyMs: 50 },
      );
      await sleep(forMs);
      if (paused !== undefined) paused.to = Date.now();
      const resumed = await waitUntil(
        () => resumeAsOperator(stack.admin, action).then(Boolean, () => false),
        { timeoutMs: 20_000, everyMs: 50 },
      );
      if (!resumed) throw new Error('The pause cannot be ended.');
    },
    skewClock(service, ms) {
      service.skewMs = ms;
      stack.control.skew(service.name, ms);
    },
    waitUntil: (condition, timeoutMs) => waitUntil(condition, { timeoutMs, everyMs: 40 }),
  };
}
