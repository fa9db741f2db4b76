import { diagnoseJobs } from './diagnose-jobs.ts';
import { diagnoseWorkers } from './diagnose-workers.ts';
import { type Facts, type Finding, findingCodes } from './finding.ts';

/**
 * Says what is wrong, the gravest first. What follows from another finding is not named beside it: with
 * Redis away, the relay cannot run either.
 */
export function diagnose(facts: Facts): Finding[] {
  const { overview } = facts;
  if (overview === undefined) return [postgresDown(facts.postgresError)];
  const findings = [...diagnoseWorkers(overview, facts), ...diagnoseJobs(overview)];
  const found = new Set(findings.map(({ code }) => code));
  const consequences = new Set(found.has('redis-down') ? ['relay-stopped', 'queue-backlog'] : []);
  if (found.has('no-worker')) consequences.add('queue-backlog').add('relay-stopped');
  return findings
    .filter(({ code }) => !consequences.has(code))
    .sort((one, two) => findingCodes.indexOf(one.code) - findingCodes.indexOf(two.code));
}

function postgresDown(reason: string | undefined): Finding {
  const why = reason === undefined ? '' : ` (${reason})`;
  return {
    code: 'postgres-down',
    severity: 'critical',
    what: `Postgres does not answer${why}: no job is accepted, none runs.`,
    todo: 'Start Postgres, or see why it refuses connections. Nothing else is needed: the services wait for it, and no accepted job is lost.',
  };
}
