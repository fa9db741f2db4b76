import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver } from './driver.ts';
import { type Fault, faultKinds, type PlannedFault } from './faults.ts';
import type { Point } from './points.ts';
import type { Service } from './service.ts';
import { leaseMs } from './stack.ts';

/** Where a fault is to happen. */
export interface Occasion {
  readonly trial: number;
  readonly service: Service;
  readonly point?: Point;
  readonly dataset: string;
  /** Resolves when the job at the point has ended and its dataset holds newer data; bounded. */
  readonly overtaken: () => Promise<void>;
}

/** A fault under way. */
export interface Inflicted {
  readonly fault: Fault;
  /** Resolves when the service may go on from the point where it stopped. */
  readonly goOn: Promise<void>;
  /** Resolves when everything is as before. */
  readonly healed: Promise<void>;
}

/** Makes `inflict`, which starts a fault unless something else has hold of what it is about. */
export function createInflictor(driver: Driver) {
  const busy = { postgres: false, redis: false, operator: false };

  return function inflict(planned: PlannedFault, occasion: Occasion): Inflicted | undefined {
    const { service } = occasion;
    const { on } = faultKinds[planned.kind];
    const server = on === 'process' || on === 'sockets' || on === 'clock' ? undefined : on;
    if (server !== undefined ? busy[server] : service.taken || !service.running) return undefined;
    if (server !== undefined) busy[server] = true;
    else service.taken = true;
    const fault: Fault = {
      ...planned,
      trial: occasion.trial,
      point: occasion.point,
      dataset: occasion.point === undefined ? undefined : occasion.dataset,
      target: server ?? service.name,
      pid: server === undefined ? service.pid : 0,
      from: Date.now(),
      to: undefined,
      error: undefined,
      paused: undefined,
    };
    let letGo = (): void => {};
    const goOn = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const healed = happen(driver, fault, occasion, letGo)
      .catch((error: unknown) => {
        fault.error = String(error);
      })
      .then(() => {
        if (server !== undefined) busy[server] = false;
        else service.taken = false;
        fault.to = Date.now();
        letGo();
      });
    return { fault, goOn, healed };
  };
}

/** Does it, from its beginning to the moment when everything is as before. */
async function happen(
  driver: Driver,
  fault: Fault,
  { service, dataset, overtaken }: Occasion,
  letGo: () => void,
): Promise<void> {
  const { kind, lastsMs, variant } = fault;
  switch (kind) {
    case 'kill':
      await driver.kill(service);
      await sleep(lastsMs / 4);
      return await driver.start(service);
    case 'terminate':
      driver.terminate(service);
      await Promise.race([sleep(lastsMs), service.ended()]);
      letGo();
      await service.ended();
      return await driver.start(service);
    case 'freeze':
    case 'freeze-long': {
      driver.freeze(service);
      letGo();
      if (kind === 'freeze') await sleep(Math.min(lastsMs, leaseMs / 2));
      else await Promise.all([sleep(leaseMs * 1.2), overtaken()]);
      return driver.thaw(service);
    }
    case 'hold':
      return await sleep(lastsMs);
    case 'cut-postgres':
    case 'cut-redis':
      driver.cutSocket(service, socketOf(kind), variant ? leaseMs * 2 : undefined);
      return;
    case 'stall-postgres':
    case 'stall-redis':
      letGo();
      return await driver.stallSocket(service, socketOf(kind), lastsMs);
    case 'slow-postgres':
      letGo();
      driver.delaySocket(service, 'postgres', 15);
      await sleep(lastsMs);
      return driver.delaySocket(service, 'postgres', 0);
    case 'flush-redis':
      await driver.flushRedis();
      // Time for the relay to notice while the job still stands at its point.
      if (variant) await sleep(lastsMs / 4);
      return;
    case 'restart-redis':
      goOnSoon(variant, letGo);
      return await driver.restartRedis('orderly', lastsMs / 2);
    case 'kill-redis':
      goOnSoon(variant, letGo);
      return await driver.restartRedis('kill', lastsMs / 2);
    case 'lose-redis':
      goOnSoon(variant, letGo);
      return await driver.restartRedis('lose', lastsMs / 2);
    case 'demote-redis':
      goOnSoon(variant, letGo);
      return await driver.demoteRedis(lastsMs / 2);
    case 'failover-redis':
      goOnSoon(variant, letGo);
      return await driver.failOverRedis();
    case 'pause':
      // What is under way may go on to its end.
      letGo();
      return await driver.pause(variant ? undefined : dataset, lastsMs / 2, (paused) => {
        fault.paused = paused;
      });
    case 'read-only-postgres':
      letGo();
      return await driver.readOnlyPostgres(lastsMs / 2, variant);
    case 'restart-postgres':
      return await driver.restartPostgres('fast', lastsMs / 4);
    case 'crash-postgres':
      return await driver.restartPostgres('immediate', lastsMs / 4);
    case 'skew-ahead':
    case 'skew-behind':
      driver.skewClock(service, (kind === 'skew-ahead' ? 1 : -1) * 3_600_000);
      letGo();
      await sleep(lastsMs);
      return driver.skewClock(service, 0);
  }
}

/**
 * Redis may be away for long, and the job that stands at its point may be inside a transaction, which
 * Postgres ends after a lease: a fault of Redis must not cost an attempt because of the suite.
 */
function goOnSoon(later: boolean, letGo: () => void): void {
  if (later) setTimeout(letGo, leaseMs / 4);
  else letGo();
}

function socketOf(kind: string): 'postgres' | 'redis' {
  return kind.endsWith('postgres') ? 'postgres' : 'redis';
}
