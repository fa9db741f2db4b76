import { jobTypeNames } from '@kasabi/domain';
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
import { metricsOf } from '@kasabi/runtime';
import { Gauge, type Registry } from 'prom-client';

const openStatuses = ['scheduled', 'running'] as const;

/** The metrics of the whole system: the last sample, and how old it is. */
export function createOverviewMetrics(registry: Registry) {
  let last: { readonly overview: Overview; readonly counts: Counts } | undefined;
  let sampledAt = performance.now();
  const { gauge } = metricsOf(registry);
  const labelled = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  gauge(
    'kasabi_jobs_due',
    `Jobs that are due and wait, at most ${countLimit}.`,
    () => last?.overview.due ?? 0,
  );
  gauge(
    'kasabi_oldest_due_job_age_seconds',
    'How long the oldest due job has waited to be claimed; 0 when none is due. Paused jobs do not count.',
    () => (last?.overview.oldestDueMs ?? 0) / 1_000,
  );
  gauge(
    'kasabi_datasets_read_only',
    'Datasets that are read-only.',
    () => last?.counts.readOnlyDatasets ?? 0,
  );
  gauge(
    'kasabi_dataset_longest_read_only_seconds',
    'How long the dataset that was locked first has been read-only; 0 when none is.',
    () => (last?.overview.lockedDatasets[0]?.lockedMs ?? 0) / 1_000,
  );
  gauge(
    'kasabi_relay_backlog_jobs',
    `Jobs that Redis should hold and was never handed, at most ${countLimit}.`,
    () => last?.overview.relay.backlog ?? 0,
  );
  gauge(
    'kasabi_relay_lag_seconds',
    'How long Redis should have held the oldest job of the relay backlog; 0 when there is none.',
    () => (last?.overview.relay.lagMs ?? 0) / 1_000,
  );
  gauge(
    'kasabi_relay_last_round_age_seconds',
    'Time since the last successful round of any relay; +Inf when no worker has reported one.',
    () => (last ? (last.overview.relay.lastRoundAgeMs ?? Number.POSITIVE_INFINITY) / 1_000 : 0),
  );
  gauge(
    'kasabi_overview_age_seconds',
    'Age of the last good sample, which the gauges of the whole system show.',
    () => (performance.now() - sampledAt) / 1_000,
  );
  const jobs = labelled(
    'kasabi_jobs',
    `Open jobs, by type and status; of those scheduled, at most ${countLimit} are counted.`,
    'type',
    'status',
  );
  const paused = labelled(
    'kasabi_paused',
    'What operators, or a relay that found Postgres restored, have paused: all jobs (0 or 1), and datasets.',
    'scope',
  );
  const workers = labelled(
    'kasabi_workers',
    'Workers by state: alive; silent without an orderly stop; or silent and replaced by another (for a day).',
    'state',
  );
  const findings = labelled(
    'kasabi_findings',
    'What is wrong, under the names that the operations page and doctor use, without what operators have acknowledged.',
    'code',
  );
  const acknowledged = labelled(
    'kasabi_findings_acknowledged',
    'What is wrong and acknowledged by an operator; until that ends, it is not in kasabi_findings.',
    'code',
  );
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
    /** Takes what was read of the whole system. */
    sampled(overview: Overview, counts: Counts): void {
      sampledAt = performance.now();
      last = { overview, counts };
      for (const type of jobTypeNames) {
        for (const status of openStatuses) {
          const found = counts.jobs.find((it) => it.type === type && it.status === status);
          jobs.set({ type, status }, found?.count ?? 0);
        }
      }
      const all = overview.pauses.filter(({ dataset }) => dataset === null).length;
      paused.set({ scope: 'all' }, all);
      paused.set({ scope: 'dataset' }, overview.pauses.length - all);
      const presence = [...presenceOf(overview.workers).values()];
      for (const state of ['alive', 'silent', 'replaced'] as const) {
        workers.set({ state }, presence.filter((it) => it === state).length);
      }
      show({ overview });
    },
    /** Postgres did not answer: all gauges stay as they were, except those of findings. */
    missed(error: unknown): void {
      const state = sicknessOf(error);
      show({ overview: undefined, postgresSick: state && describeSick(state) });
    },
  };
}

export type OverviewMetrics = ReturnType<typeof createOverviewMetrics>;
