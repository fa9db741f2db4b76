import type { Machine } from '../support/machine.ts';
import { judge, type Row, showTarget, showVerdict } from '../support/result.ts';
import { median, show } from '../support/statistics.ts';

/** How the figures were taken. */
export interface Run {
  readonly command: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly rows: readonly Row[];
}

const words = { ratio: 'ratio ', 'speed-up': 'times faster ', difference: 'more ' } as const;

/** The results as Markdown. */
export function renderMarkdown(run: Run): string {
  const { machine } = run;
  const versions = Object.entries(machine.versions).map(([name, it]) => `${name} ${it}`);
  const parts = [...new Set(run.rows.map((row) => row.part))];
  return [
    '# Benchmark',
    '',
    `\`${run.command}\`, ${machine.date} UTC, commit ${machine.commit}, ${Math.round(run.minutes)} minutes.`,
    '',
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}; ` +
      `load before the run ${show(machine.loadBefore)}; one commit takes ${show(machine.commitMs)} ms. ` +
      `${versions.join(', ')}.`,
    '',
    `The load process, the measured process, Postgres and Redis share the ${machine.cores} cores. The sides take ` +
      `turns over ${run.rounds} rounds; figures are the median over the rounds, comparisons the median of the ` +
      'rounds with the least and the greatest. All limits count as in production, but those on one client are set so ' +
      'high that it never reaches them; nothing else differs: every answer 202 is a commit that has reached the disk, ' +
      'and every request is a line of the log, in a file. The baselines log nothing.',
    '',
    '![The ratios with their targets](results.svg)',
    ...parts.flatMap((part) => ['', `## ${part}`, '', ...table(run.rows, part)]),
    '',
  ].join('\n');
}

function table(rows: readonly Row[], part: string): string[] {
  const own = rows.filter((row) => row.part === part);
  const notes = own.flatMap((row) =>
    row.note === undefined ? [] : [`- ${row.what}: ${row.note}.`],
  );
  return [
    '| what | product | baseline | compared | target | met |',
    '|---|---|---|---|---|---|',
    ...own.map(line),
    ...(notes.length === 0 ? [] : ['', ...new Set(notes)]),
  ];
}

function line(row: Row): string {
  const verdict = judge(row);
  const { baseline } = row;
  const comparison = row.comparison === undefined ? '' : words[row.comparison];
  const cells = [
    row.what,
    figure(row.product, row.unit),
    baseline === undefined ? '' : `${baseline.name}: ${figure(baseline.values, row.unit)}`,
    verdict === undefined ? '' : `${comparison}${showVerdict(row, verdict)}`,
    showTarget(row),
    verdict?.met === undefined ? '' : verdict.met ? 'yes' : '**no**',
  ];
  return `| ${cells.join(' | ')} |`;
}

function figure(values: readonly number[], unit: string): string {
  return `${show(median(values))}${unit.startsWith('/') ? '' : ' '}${unit}`;
}
