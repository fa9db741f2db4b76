import type { Facts, Finding } from './finding.ts';
import type { WorkerState } from './overview.ts';
import { plural } from './plural.ts';

const startIt =
  'Start Redis, or fix the network between it and the services. Nothing else is needed: jobs are still accepted, and the relay hands over what Redis has missed.';

const mendIt =
  'Make REDIS_URL point to the master, or fix what its log complains about: memory, disk, replicas or users. Nothing else is needed: the services reconnect by themselves, and the relay hands over what Redis has missed.';

/** What is wrong with Redis, according to the processes that write to it. */
export function diagnoseRedis(alive: readonly WorkerState[], facts: Facts): Finding[] {
  const cutOff = alive.filter((worker) => !worker.redisAnswers);
  const isForAll = cutOff.length > 0 && cutOff.length === alive.length;
  if (facts.redisTrouble !== undefined) return [sick(facts.redisTrouble)];
  if (facts.redisAnswers === false) return [down];
  if (cutOff.length === 0) return [];
  const trouble =
    cutOff.find(({ redisTrouble }) => redisTrouble !== null)?.redisTrouble ?? undefined;
  if (isForAll) return [trouble === undefined ? down : sick(trouble)];
  const who = cutOff.map(({ holder }) => holder).join(', ');
  const served = alive.length - cutOff.length;
  const others = `${plural(served, 'other worker reaches', 'other workers reach')} it`;
  return [
    trouble === undefined
      ? {
          code: 'redis-down',
          severity: 'warning',
          what: `Redis does not answer ${who}; ${others}.`,
          todo: startIt,
        }
      : {
          code: 'redis-sick',
          severity: 'warning',
          what: `Redis ${trouble}, according to ${who}; ${others}.`,
          todo: mendIt,
        },
  ];
}

const down: Finding = {
  code: 'redis-down',
  severity: 'critical',
  what: 'Redis does not answer: jobs are accepted but do not start.',
  todo: startIt,
};

const sick = (trouble: string): Finding => ({
  code: 'redis-sick',
  severity: 'critical',
  what: `Redis ${trouble}: jobs are accepted but do not start.`,
  todo: mendIt,
});
