import { describeSick, type SickState } from '@kasabi/postgres';
import type { Facts, Finding } from './finding.ts';
import type { Overview } from './overview.ts';

/** What is wrong with Postgres that it says itself, or that kept us from asking. */
export function diagnosePostgres(facts: Facts, someWorkerReports: boolean): Finding[] {
  const { overview } = facts;
  const state =
    facts.postgresSick ??
    (overview === undefined ? undefined : stateOf(overview, someWorkerReports));
  if (state !== undefined && state.name !== 'unreachable') return [sick(state)];
  return overview === undefined ? [down(facts.postgresError)] : [];
}

/** A standby that the workers' reports reach is one that is read from; the primary is another. */
function stateOf(overview: Overview, someWorkerReports: boolean): SickState | undefined {
  if (overview.inRecovery) return someWorkerReports ? undefined : describeSick('in-recovery');
  return overview.readOnly ? describeSick('read-only') : undefined;
}

const sick = ({ name, what, todo }: SickState): Finding => ({
  code: 'postgres-sick',
  severity: 'critical',
  what: `Postgres ${what} (${name}): jobs are refused for the moment, or do not run.`,
  todo: `${todo} Nothing else is needed: the services try again by themselves, and no accepted job is lost.`,
});

function down(reason: string | undefined): Finding {
  const why = reason === undefined ? '' : ` (${reason})`;
  return {
    code: 'postgres-down',
    severity: 'critical',
    what: `Postgres does not answer${why}: no job is accepted, none runs.`,
    todo: 'Start Postgres, or see why it refuses connections. Nothing else is needed: the services wait for it, and no accepted job is lost.',
  };
}
