import { diagnoseRedis } from './diagnose-redis.ts';
import { diagnoseStore } from './diagnose-store.ts';
import { formatDuration } from './duration.ts';
import type { Facts, Finding, FindingSubject } from './finding.ts';
import type { Overview, WorkerState } from './overview.ts';
import { plural } from './plural.ts';
import { presenceOf, silentAfterMs } from './replaced-workers.ts';
import { reportIntervalMs } from './report-worker.ts';

/** How far off a clock may be, in milliseconds. Workers correct theirs in any case. */
const clockToleranceMs = 5_000;

/** For how long a loss of Redis's data is reported, in milliseconds. */
const lossIsNewsMs = 15 * 60_000;

/** How late a relay may be: this many milliseconds, or three of its rounds if that is longer. */
const relayLateMs = 15_000;

/** The workers that have reported recently. */
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
    ...diagnoseStore(alive),
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
          ? 'No worker is running: no job starts, and no lost job is rescued.'
          : `No worker is running: the last report came from ${last.holder}, ${formatDuration(last.silentMs)} ago.`,
      ...(last !== undefined && { since: last.seen }),
      todo: 'Start a worker; it runs the jobs that are due. If one should be running, its log says why it is not, or why it cannot reach Postgres.',
    },
  ];
}

/** Not when all are silent: that is `no-worker`. */
function silent({ workers }: Overview, alive: readonly WorkerState[]): Finding[] {
  if (alive.length === 0) return [];
  const presence = presenceOf(workers);
  return workers
    .filter(({ holder }) => presence.get(holder) === 'silent')
    .map((worker) => ({
      code: 'worker-frozen',
      severity: 'warning',
      what: `The worker ${worker.holder} has not reported for ${formatDuration(worker.silentMs)}: it is frozen, lost, or cut off from Postgres.`,
      since: worker.seen,
      todo: 'If its process is still there, end it. If nothing starts a replacement automatically, start one: this finding ends when another worker has taken its place and its jobs. If you want fewer workers now, acknowledge it.',
      subject: { kind: 'worker', id: worker.holder },
      event: worker.seen.toISOString(),
    }));
}

function redisWiped({ workers, relay, now }: Overview): Finding[] {
  const losses = workers.filter(({ redisLost }) => redisLost !== null);
  const latest = losses.sort((a, b) => Number(b.redisLost) - Number(a.redisLost))[0];
  if (latest?.redisLost == null) return [];
  const isNews = now.getTime() - latest.redisLost.getTime() < lossIsNewsMs;
  if (!isNews && relay.backlog === 0) return [];
  return [
    {
      code: 'redis-wiped',
      severity: 'warning',
      what: `Redis was restarted or lost its data; ${plural(latest.redisForgotten ?? 0, 'job was', 'jobs were')} handed to it again. No job is lost.`,
      since: latest.redisLost,
      todo: 'Find out why: appendonly must be yes, and maxmemory-policy noeviction. Acknowledge this when you know. It ends after 15 minutes, once all jobs have been handed over again.',
      event: latest.redisLost.toISOString(),
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
  const since = last === null ? 'since the workers started' : `for ${formatDuration(last)}`;
  const stopped =
    late.length < alive.length
      ? 'The relay does not keep up'
      : `No relay has finished a round ${since}`;
  const waiting =
    relay.backlog === 0
      ? 'no job waits to be handed to Redis'
      : `${plural(relay.backlog, 'job waits', 'jobs wait')} to be handed to Redis, the first for ${formatDuration(relay.lagMs)}`;
  return [
    {
      code: 'relay-stopped',
      severity: relay.backlog > 0 ? 'critical' : 'warning',
      what: `${stopped}; ${waiting}.`,
      ...(last !== null && { since: new Date(now.getTime() - last) }),
      todo: 'The workers log "relay round failed" and why. If they log nothing, restart a worker.',
    },
  ];
}

function clocksOff(alive: readonly WorkerState[], facts: Facts): Finding[] {
  const offsets = alive.map(({ holder, clockOffsetMs }) => ({
    whose: `the host of the worker ${holder}`,
    offset: clockOffsetMs,
    subject: { kind: 'worker', id: holder } as FindingSubject | undefined,
  }));
  offsets.push({
    whose: 'this host',
    offset: facts.clockOffsetMs ?? null,
    subject: undefined,
  });
  return offsets.flatMap(({ whose, offset, subject }) => {
    if (offset === null || Math.abs(offset) < clockToleranceMs) return [];
    return [
      {
        code: 'clock-off',
        severity: 'warning',
        what: `The clock of ${whose} is ${formatDuration(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} Postgres's. Jobs start by Postgres's clock; logs and certificates use the wrong one.`,
        todo: "Set that host's clock by NTP. If all are off by the same amount, Postgres's host is the one that is wrong.",
        ...(subject !== undefined && { subject }),
      },
    ];
  });
}
