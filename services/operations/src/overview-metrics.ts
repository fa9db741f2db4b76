import { type JobType, jobTypeNames } from '@kasabi/domain';
import {
  alarms,
  type Counts,
  countLimit,
  diagnose,
  type Facts,
  findingCodes,
  type Overview,
  presenceOf,
} from '@kasabi/operations';
import { describeSick, sicknessOf } from '@kasabi/postgres';
import { mapNames } from '@kasabi/runtime';
import { Gauge, type Registry } from 'prom-client';

/** Told of what was read of the whole system. */
export interface OverviewMetrics {
  sampled(overview: Overview, counts: Counts): void;
  /** Postgres did not answer: all gauges stay as they were, but for what that itself means. */
  missed(error: unknown): void;
}

const openStatuses = ['scheduled', 'running'] as const;

/** What is shown of the whole system: the last sample, and how old that is. */
export function createOverviewMetrics(registry: Registry): OverviewMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const jobs = new Gauge({
    name: 'kasabi_jobs',
    help: `Open jobs, by type and status; of those scheduled, at most ${countLimit} are counted.`,
    labelNames: ['type', 'status'],
    registers,
  });
  const open = mapNames(jobTypeNames, (type) =>
    mapNames(openStatuses, (status) => jobs.labels(type, status)),
  );
  const due = gauge('kasabi_jobs_due', `Jobs that are due and wait, at most ${countLimit}.`);
  const oldest = gauge(
    'kasabi_oldest_due_job_age_seconds',
    'For how long the oldest due job has waited to be taken up; 0 when none is due. Those paused do not count.',
  );
  const readOnly = gauge('kasabi_datasets_read_only', 'Datasets that are read-only.');
  const longest = gauge(
    'kasabi_dataset_longest_read_only_seconds',
    'For how long the dataset has been read-only that has been so the longest; 0 when none is.',
  );
  const backlog = gauge(
    'kasabi_relay_backlog_jobs',
    `Jobs that Redis should hold and was never handed, at most ${countLimit}.`,
  );
  const lag = gauge(
    'kasabi_relay_lag_seconds',
    'For how long Redis should have held the oldest of the relay backlog; 0 when there is none.',
  );
  const lastRound = gauge(
    'kasabi_relay_last_round_age_seconds',
    'Since the last good round of any relay; +Inf when no worker has told of one.',
  );
  const paused = new Gauge({
    name: 'kasabi_paused',
    help: 'What operators, or a relay that found Postgres restored, have paused: all jobs (0 or 1), and datasets.',
    labelNames: ['scope'],
    registers,
  });
  const workers = new Gauge({
    name: 'kasabi_workers',
    help: 'Workers by state: alive; silent without having stopped in order; or silent and replaced by another (for a day).',
    labelNames: ['state'],
    registers,
  });
  const findings = new Gauge({
    name: 'kasabi_findings',
    help: 'What is wrong, as the operations page and doctor name it, without what operators have acknowledged.',
    labelNames: ['code'],
    registers,
  });
  const acknowledged = new Gauge({
    name: 'kasabi_findings_acknowledged',
    help: 'What is wrong and acknowledged by an operator: it is not in kasabi_findings meanwhile.',
    labelNames: ['code'],
    registers,
  });
  let sampledAt = performance.now();
  new Gauge({
    name: 'kasabi_overview_age_seconds',
    help: 'Age of the last good sample, which the gauges of the whole system show.',
    registers,
    collect() {
      this.set((performance.now() - sampledAt) / 1_000);
    },
  });

  function show(facts: Facts): void {
    const found = diagnose(facts);
    for (const code of findingCodes) {
      const named = found.filter((finding) => finding.code === code);
      const open = alarms(named).length;
      findings.set({ code }, open);
      acknowledged.set({ code }, named.length - open);
    }
  }

  return {
    sampled(overview, counts) {
      sampledAt = performance.now();
      const { lockedDatasets, relay } = overview;
      for (const type of jobTypeNames) {
        for (const status of openStatuses) open[type][status].set(countOf(counts, type, status));
      }
      due.set(overview.due);
      oldest.set(overview.oldestDueMs / 1_000);
      readOnly.set(counts.readOnlyDatasets);
      longest.set((lockedDatasets[0]?.lockedMs ?? 0) / 1_000);
      const all = overview.pauses.filter(({ dataset }) => dataset === null).length;
      paused.set({ scope: 'all' }, all);
      paused.set({ scope: 'dataset' }, overview.pauses.length - all);
      backlog.set(relay.backlog);
      lag.set(relay.lagMs / 1_000);
      lastRound.set((relay.lastRoundAgeMs ?? Number.POSITIVE_INFINITY) / 1_000);
      const presence = [...presenceOf(overview.workers).values()];
      for (const state of ['alive', 'silent', 'replaced'] as const) {
        workers.set({ state }, presence.filter((it) => it === state).length);
      }
      show({ overview });
    },
    missed(error) {
      const state = sicknessOf(error);
      show({ overview: undefined, postgresSick: state && describeSick(state) });
    },
  };
}

function countOf({ jobs }: Counts, type: JobType, status: string): number {
  return jobs.find((it) => it.type === type && it.status === status)?.count ?? 0;
}
