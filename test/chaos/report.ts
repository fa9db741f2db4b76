import { strikesAt } from './arms.ts';
import { type FaultKind, faultKinds } from './faults.ts';
import { jobFigures, percentile, recoveriesOf } from './figures.ts';
import { invariants } from './invariants.ts';
import type { Options } from './options.ts';
import { points } from './points.ts';
import type { RunResult } from './runner.ts';

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The points that were struck less often than 20 times in 200 trials. */
export function thinPoints(result: RunResult): string[] {
  const wanted = Math.floor((20 * result.trials.length) / 200);
  return points.filter((point) => strikesAt(result.coverage, point) < wanted);
}

/** The report, as Markdown that also reads well in a terminal. */
export function renderReport(options: Options, result: RunResult): string {
  const { trials, failed, faults, coverage, durationMs } = result;
  const figures = jobFigures(trials);
  const recoveries = recoveriesOf(trials, faults);
  const minutes = durationMs / 60_000;
  const all = recoveries.map((it) => it.ms);
  const kinds = Object.keys(faultKinds) as FaultKind[];
  const missed = trials.reduce((sum, trial) => sum + trial.missed, 0);
  return [
    '# Fault-injection report',
    '',
    `Command: \`npm run test:chaos -- --trials ${options.trials} --seed ${options.seed}${options.redis === 'server' ? '' : ` --redis ${options.redis}`}${options.first === 0 ? '' : ` --first ${options.first}`}\``,
    '',
    table(
      ['', ''],
      [
        ['trials', `${trials.length} (${(trials.length / minutes).toFixed(0)} a minute)`],
        ['trials with violations', `${failed.length}`],
        ['jobs accepted', `${figures.accepted}`],
        ['faults', `${faults.length} (${missed} more found no job at their point)`],
        ['quads written', `${figures.writes}`],
        [
          'recovery p50, p99, longest',
          [0.5, 0.99, 1].map((it) => seconds(percentile(all, it))).join(', '),
        ],
        ['duration', seconds(durationMs)],
      ],
    ),
    '## Faults at points',
    '',
    'How often each point was reached at all, and how often with which fault.',
    '',
    table(
      ['point', 'reached', 'struck', ...kinds],
      points.map((point) => [
        point,
        `${coverage.reached[point]}`,
        `${strikesAt(coverage, point)}`,
        ...kinds.map((kind) => `${coverage.struck[point][kind] ?? 0}`),
      ]),
    ),
    '## Faults by kind',
    '',
    'Recovery: from the fault to the end of each job it met.',
    '',
    table(
      ['fault', 'times', 'jobs met', 'p50', 'p99', 'longest'],
      kinds.map((kind) => {
        const met = recoveries.filter((it) => it.kind === kind).map((it) => it.ms);
        const times = faults.filter((fault) => fault.kind === kind).length;
        const spread = [0.5, 0.99, 1].map((it) =>
          met.length === 0 ? '' : seconds(percentile(met, it)),
        );
        return [kind, `${times}`, `${met.length}`, ...spread];
      }),
    ),
    'The slowest:',
    '',
    table(
      ['recovery', 'after', 'trial', 'job'],
      recoveries
        .slice(-8)
        .map(({ ms, kind, trial, jobId }) => [seconds(ms), kind, `${trial}`, jobId])
        .reverse(),
    ),
    '## Jobs',
    '',
    table(
      ['attempts', 'jobs'],
      figures.attempts.map(([attempts, jobs]) => [`${attempts}`, `${jobs}`]),
    ),
    table(
      ['outcome', 'times'],
      [...figures.outcomes].sort().map(([outcome, times]) => [outcome, `${times}`]),
    ),
    '## Checked after each trial',
    '',
    ...Object.values(invariants).map((promise) => `- ${promise}`),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}
