import { withAcknowledgements } from './acknowledgements.ts';
import { diagnoseJobs } from './diagnose-jobs.ts';
import { diagnosePauses } from './diagnose-pauses.ts';
import { diagnosePostgres } from './diagnose-postgres.ts';
import { diagnoseWorkers, workersAlive } from './diagnose-workers.ts';
import { type Facts, type Finding, type FindingCode, findingCodes } from './finding.ts';

/**
 * Says what is wrong, the most serious finding first and acknowledged ones last. A finding that follows from another
 * one is left out: without Redis, the relay cannot run either.
 */
export function diagnose(facts: Facts): Finding[] {
  const { overview } = facts;
  const alive = overview === undefined ? [] : workersAlive(overview);
  const postgres = diagnosePostgres(facts, alive.length > 0);
  if (overview === undefined) return postgres;
  const findings = [
    ...postgres,
    ...diagnosePauses(facts),
    ...diagnoseWorkers(overview, facts),
    ...diagnoseJobs(overview),
  ];
  const found = new Set(findings.map(({ code }) => code));
  const consequences = new Set<FindingCode>();
  for (const [cause, follow] of following) {
    if (found.has(cause)) for (const code of follow) consequences.add(code);
  }
  const ordered = findings
    .filter(({ code }) => !consequences.has(code))
    .sort((one, two) => findingCodes.indexOf(one.code) - findingCodes.indexOf(two.code));
  const known = withAcknowledgements(ordered, overview.acknowledgements);
  return [...alarms(known), ...known.filter(({ acknowledged }) => acknowledged !== undefined)];
}

/** The findings that nobody has acknowledged. */
export const alarms = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ acknowledged }) => acknowledged === undefined);

/** Causes, each with the findings that follow from it: a worker that cannot write cannot report either, and so on. */
const following: readonly (readonly [FindingCode, readonly FindingCode[]])[] = [
  ['postgres-sick', ['no-worker', 'worker-frozen', 'relay-stopped', 'queue-backlog']],
  ['redis-down', ['relay-stopped', 'queue-backlog']],
  ['redis-sick', ['relay-stopped', 'queue-backlog']],
  ['no-worker', ['relay-stopped', 'queue-backlog']],
];
