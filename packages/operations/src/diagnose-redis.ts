import type { Facts, Finding } from './finding.ts';
import type { WorkerState } from './overview.ts';

const startIt =
  'Start Redis, or see to the network between it and the services. Nothing else is needed: jobs are accepted meanwhile, and the relay hands over what Redis has missed.';

const mendIt =
  "Have REDIS_URL lead to the master, or see to Redis's memory, disk, replicas and users, as its log says. Nothing else is needed: the services connect again by themselves, and the relay hands over what Redis has missed.";

/** What is wrong with Redis, as those see it that would write to it. */
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
  const others = `it serves ${alive.length - cutOff.length} other worker(s)`;
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
          what: `Redis ${trouble}, say ${who}; ${others}.`,
          todo: mendIt,
        },
  ];
}

const down: Finding = {
  code: 'redis-down',
  severity: 'critical',
  what: 'Redis does not answer: jobs are accepted, and none is taken up.',
  todo: startIt,
};

const sick = (trouble: string): Finding => ({
  code: 'redis-sick',
  severity: 'critical',
  what: `Redis ${trouble}: jobs are accepted, and none is taken up.`,
  todo: mendIt,
});
