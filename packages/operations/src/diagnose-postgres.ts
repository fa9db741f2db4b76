import { describeSick, type SickState } from '@kasabi/postgres';
import type { Facts, Finding } from './finding.ts';
import type { Overview } from './overview.ts';

/** What is wrong with Postgres: what it says itself, or what kept us from asking. */
export function diagnosePostgres(facts: Facts, someWorkerReports: boolean): Finding[] {
  const { overview } = facts;
  const state =
    facts.postgresSick ??
    (overview === undefined ? undefined : stateOf(overview, someWorkerReports));
  if (state !== undefined && state.name !== 'unreachable') return [sick(state)];
  return overview === undefined ? [down(facts.postgresError)] : [];
}

/** A standby that has the workers' reports is a replica that we read from; its primary is well. */
function stateOf(overview: Overview, someWorkerReports: boolean): SickState | undefined {
  if (overview.inRecovery) return someWorkerReports ? undefined : describeSick('in-recovery');
  return overview.readOnly ? describeSick('read-only') : undefined;
}

const sick = ({ name, what, todo }: SickState): Finding => ({
  code: 'postgres-sick',
  severity: 'critical',
  what: `Postgres ${what} (${name}): for now, jobs are refused or do not run.`,
  todo: `${todo} Nothing else is needed: the services retry by themselves, and no accepted job is lost.`,
});

function down(reason: string | undefined): Finding {
  const why = reason === undefined ? '' : ` (${reason})`;
  return {
    code: 'postgres-down',
    severity: 'critical',
    what: `Postgres does not answer${why}: no job is accepted, and none runs.`,
    todo: 'Start Postgres, or find out why it refuses connections. Nothing else is needed: the services wait for it, and no accepted job is lost.',
  };
}
