// The fault-injection suite: see options.ts for its command line, checks.ts for what it checks.
import { writeFileSync } from 'node:fs';
import { forgetShellSettings } from '@kasabi/local';
import { invariants } from './invariants.ts';
import { runMutants } from './mutants.ts';
import { type Options, readOptions, usage } from './options.ts';
import { renderReport, thinPoints } from './report.ts';
import { run } from './runner.ts';
import type { TrialResult } from './trial.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The exit handler of the stack ends the services; the servers are left to the next run's start.
  process.once(signal, () => process.exit(1));
}

function describeFailure(options: Options, result: TrialResult): string {
  const { trial, seed } = result.plan;
  return [
    `Trial ${trial} of seed ${seed} broke ${result.violations.length} promise(s):`,
    ...result.violations.map(
      (it) => `  ${it.invariant}: ${it.detail}\n    (${invariants[it.invariant]})`,
    ),
    'What happened:',
    result.history,
    `The same schedule again: npm run test:chaos -- --seed ${seed} --first ${trial} --trials 1${
      options.points.length === 0 ? '' : ` --points ${options.points.join(',')}`
    }`,
    'Faults of trials beside it are part of the history and not of that; to have them, repeat the run.',
    '',
  ].join('\n');
}

async function main(options: Options): Promise<boolean> {
  if (options.mutant !== undefined) return await runMutants(options, options.mutant, say);
  say(`${options.trials} trials with seed ${options.seed}, ${options.parallel} at once`);
  const result = await run(options, {
    stopAtFailure: false,
    log: say,
    onFailure: (failure) => say(describeFailure(options, failure)),
  });
  const report = renderReport(options, result);
  say(report);
  if (options.report !== undefined) writeFileSync(options.report, report);
  const thin = options.coverage ? thinPoints(result) : [];
  if (thin.length > 0) say(`Struck too seldom: ${thin.join(', ')}`);
  say(
    result.failed.length === 0
      ? 'No promise was broken.'
      : `${result.failed.length} trials failed.`,
  );
  return result.failed.length === 0 && thin.length === 0;
}

forgetShellSettings(true);
let options: Options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  say(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
process.exit((await main(options)) ? 0 : 1);
