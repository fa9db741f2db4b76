import type { Facts, Finding } from './finding.ts';
import { type Pause, relayPaused } from './pauses.ts';

/** What operators, or a worker that found Postgres restored, have paused. */
export function diagnosePauses({ overview, restored }: Facts): Finding[] {
  const pauses = overview?.pauses ?? [];
  const found = pauses.map((pause) =>
    pause.by === relayPaused ? restoredAndPaused(pause) : paused(pause),
  );
  const isKnown = pauses.some(({ by }) => by === relayPaused);
  return restored === undefined || isKnown ? found : [restoredUnseen(restored), ...found];
}

const restoredAndPaused = ({ reason, since }: Pause): Finding => ({
  code: 'postgres-restored',
  severity: 'critical',
  what: `${reason ?? 'This Postgres was restored.'} All jobs are paused.`,
  since,
  todo: 'Check which jobs are due, and cancel those that would delete what was restored. If this is the right database, resume: on the operations page, or npm run admin -- resume',
  event: since.toISOString(),
  remedy: 'resume',
});

const restoredUnseen = (reason: string): Finding => ({
  code: 'postgres-restored',
  severity: 'critical',
  what: `${reason} No worker has checked it yet: the first one that does pauses all jobs, and none starts before that.`,
  todo: 'Pause it now, with a reason for other operators: npm run admin -- pause --reason TEXT. Check which jobs are due, and cancel those that would delete what was restored. Then resume: npm run admin -- resume',
  event: reason,
});

function paused({ dataset, reason, by, since }: Pause): Finding {
  const whose = dataset === null ? 'All jobs' : `The jobs of the dataset ${dataset}`;
  const why = reason === null ? '.' : `: ${reason.replace(/\.$/, '')}.`;
  const argument = dataset === null ? '' : ` ${dataset}`;
  return {
    code: 'paused',
    severity: 'warning',
    what: `${whose} are paused by an operator (${by})${why} New jobs are accepted and wait; running jobs continue.`,
    since,
    todo: `To let them start again, resume: on the operations page, or npm run admin -- resume${argument}`,
    event: since.toISOString(),
    remedy: 'resume',
    ...(dataset !== null && { subject: { kind: 'dataset', id: dataset } }),
  };
}
