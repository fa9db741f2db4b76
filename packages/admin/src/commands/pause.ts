import { DatasetUnknown } from '@kasabi/datasets';
import {
  formatDuration,
  pauseAsOperator,
  plural,
  type Resumable,
  readResumable,
  resumeAsOperator,
} from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, nonEmpty } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { requireDone } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

const whose = (dataset: string | undefined): string =>
  dataset === undefined ? 'All jobs' : `The jobs of ${dataset}`;

/** Adds `pause` and `resume`. */
export function addPauseCommands(program: Command): void {
  const pause = program
    .command('pause')
    .description('keep jobs from starting until they are resumed; running jobs continue')
    .argument('[DATASET]', 'the short code of a dataset, to pause only its jobs')
    .option('--reason <TEXT>', 'why, for other operators', nonEmpty)
    .addOption(jsonOption())
    .action(async (dataset: string | undefined, options: { reason?: string; json?: true }) => {
      const { reason } = options;
      const result = await withDatabase((pool) =>
        pauseAsOperator(pool, { dataset, reason, operatorAddress }),
      );
      if (result.outcome === 'dataset-unknown') throw new DatasetUnknown(dataset ?? '');
      const { outcome, since, running, unsettled } = result;
      const lines = [
        outcome === 'done'
          ? `${whose(dataset)} are paused.`
          : `${whose(dataset)} have been paused since ${formatTime(since)}.`,
        unsettled === 0
          ? 'No job starts any more.'
          : `${unsettled} that workers were about to claim may still start, because another session holds their records. No other job starts.`,
      ];
      if (running > 0) lines.push(`${plural(running, 'is', 'are')} running and will finish.`);
      const json = { dataset: dataset ?? null, since, running, unsettled };
      printResult(options, json, lines.join(' '));
    });
  addExamples(pause, 'pause --reason "restoring last night\'s backup"', 'pause nasa');

  const resume = program
    .command('resume')
    .description('let paused jobs start again')
    .argument('[DATASET]', 'the short code of the dataset that was paused; all jobs unless given')
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (dataset: string | undefined, options: { yes?: true; json?: true }) => {
      const result = await withDatabase(async (pool) => {
        const asked = await readResumable(pool, dataset);
        if (asked.isPaused && asked.due > 0)
          await confirm(consequence(dataset, asked), options.yes);
        const done = requireDone(
          await resumeAsOperator(pool, { dataset, operatorAddress }),
          dataset,
        );
        return { ...done, allStayPaused: asked.allStayPaused };
      });
      const { due, allStayPaused } = result;
      const words = allStayPaused
        ? `${whose(dataset)} are resumed but still wait, because all jobs are paused.`
        : `${whose(dataset)} are resumed; ${startsNow(due)}.`;
      printResult(options, { dataset: dataset ?? null, due }, words);
    });
  addExamples(resume, 'resume', 'resume nasa --yes');
}

/** What a resume starts, for the question. */
function consequence(dataset: string | undefined, { due, oldestDue }: Resumable): string {
  const since =
    oldestDue === null
      ? ''
      : `, the oldest since ${formatTime(oldestDue)} (${formatDuration(Date.now() - oldestDue.getTime())})`;
  const jobs = plural(due, 'job is', 'jobs are');
  return `${whose(dataset)} are resumed: ${jobs} due${since}, and ${due === 1 ? 'starts' : 'start'} at once. A reset deletes what its dataset holds then.`;
}

const startsNow = (due: number): string =>
  due === 0 ? 'none is due' : `${plural(due, 'is', 'are')} due and may start`;
