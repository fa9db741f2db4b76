import { diagnoseRedis } from './diagnose-redis.ts';
import { formatDuration } from './duration.ts';
import type { Facts, Finding } from './finding.ts';
import type { Overview, WorkerState } from './overview.ts';
import { reportIntervalMs } from './report-worker.ts';

/** A worker that has not reported for so long, in milliseconds, is taken for frozen or lost. */
export const silentAfterMs = 4 * reportIntervalMs;

/** A lost worker is named for so long, in milliseconds; its successor has another name. */
const missedForMs = 3_600_000;

/** A clock may be so far off, in milliseconds; the workers correct theirs in any case. */
const clockToleranceMs = 5_000;

/** How long a loss of Redis's data is news, in milliseconds. */
const lossIsNewsMs = 15 * 60_000;

/** A relay may be late by this many milliseconds, and by three of its rounds. */
const relayLateMs = 15_000;

/** Those that reported just now. */
export function workersAlive({ workers }: Overview): readonly WorkerState[] {
  return workers.filter((worker) => worker.silentMs < silentAfterMs);
}

/** What is wrong with workers, Redis, the relay and the clocks. */
export function diagnoseWorkers(overview: Overview, facts: Facts): Finding[] {
  const alive = workersAlive(overview);
  return [
    ...missing(overview, alive),
    ...silent(overview, alive),
    ...diagnoseRedis(alive, facts),
    ...redisWiped(overview),
    ...relayStopped(overview, alive),
    ...clocksOff(alive, facts),
  ];
}

function missing({ workers }: Overview, alive: readonly WorkerState[]): Finding[] {
  if (alive.length > 0) return [];
  const [last] = workers;
  return [
    {
      code: 'no-worker',
      severity: 'critical',
      what:
        last === undefined
          ? 'No worker runs: no job is taken up, and no lost one rescued.'
          : `No worker runs: the last report was of ${last.holder}, ${formatDuration(last.silentMs)} ago.`,
      ...(last !== undefined && { since: last.seen }),
      todo: 'Start a worker. If one should be running, its log says why it is not, or why it cannot reach Postgres. Jobs that are due run then.',
    },
  ];
}

/** Not beside `no-worker`, which says the same of all. */
function silent({ workers }: Overview, alive: readonly WorkerState[]): Finding[] {
  if (alive.length === 0) return [];
  return workers
    .filter(({ silentMs }) => silentMs >= silentAfterMs && silentMs < missedForMs)
    .map((worker) => ({
      code: 'worker-frozen',
      severity: 'warning',
      what: `The worker ${worker.holder} has not reported for ${formatDuration(worker.silentMs)}: it is frozen, lost, or cut off from Postgres.`,
      since: worker.seen,
      todo: 'If its process is still there, end it; if it was not replaced, start another. Its jobs are given to others when their leases end. This goes away an hour after its last report.',
    }));
}

function redisWiped({ workers, now }: Overview): Finding[] {
  const losses = workers.filter(
    ({ redisLost }) => redisLost !== null && now.getTime() - redisLost.getTime() < lossIsNewsMs,
  );
  const latest = losses.sort((a, b) => Number(b.redisLost) - Number(a.redisLost))[0];
  if (latest?.redisLost == null) return [];
  return [
    {
      code: 'redis-wiped',
      severity: 'warning',
      what: `Redis was restarted or lost its data; ${latest.redisForgotten ?? 0} jobs were handed to it again. No job is lost.`,
      since: latest.redisLost,
      todo: 'See why it lost its data: appendonly must be yes and maxmemory-policy noeviction. This goes away after 15 minutes.',
    },
  ];
}

function relayStopped({ relay, now }: Overview, alive: readonly WorkerState[]): Finding[] {
  if (alive.length === 0) return [];
  const late = alive.filter((worker) => {
    const age =
      worker.sinceRelayMs === null
        ? now.getTime() - worker.started.getTime()
        : worker.sinceRelayMs + worker.silentMs;
    return age > Math.max(relayLateMs, 3 * worker.relayIntervalMs) + reportIntervalMs;
  });
  if (late.length < alive.length && relay.lagMs < 2 * relayLateMs) return [];
  const last = relay.lastRoundAgeMs;
  return [
    {
      code: 'relay-stopped',
      severity: relay.backlog > 0 ? 'critical' : 'warning',
      what: `${
        late.length < alive.length
          ? `The relay does not keep up`
          : `No relay has ended a round for ${last === null ? 'as long as the workers run' : formatDuration(last)}`
      }: ${relay.backlog} jobs wait to be handed to Redis, the first for ${formatDuration(relay.lagMs)}.`,
      ...(last !== null && { since: new Date(now.getTime() - last) }),
      todo: 'The log of the workers says "relay round failed" and why. Restart a worker if it says nothing.',
    },
  ];
}

function clocksOff(alive: readonly WorkerState[], facts: Facts): Finding[] {
  const offsets = alive.map(({ holder, clockOffsetMs }) => ({
    whose: `the host of the worker ${holder}`,
    offset: clockOffsetMs,
  }));
  offsets.push({ whose: 'this host', offset: facts.clockOffsetMs ?? null });
  return offsets.flatMap(({ whose, offset }) => {
    if (offset === null || Math.abs(offset) < clockToleranceMs) return [];
    return [
      {
        code: 'clock-off',
        severity: 'warning',
        what: `The clock of ${whose} is ${formatDuration(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} Postgres's. Jobs start by Postgres's; logs and certificates do not.`,
        todo: "Set that host's clock by NTP; if the others are off by the same, Postgres's host is the one that is wrong.",
      },
    ];
  });
}
