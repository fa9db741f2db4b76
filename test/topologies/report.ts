import os from 'node:os';
import type { SuiteResult } from './run-suite.ts';

/** What became of the suite on a topology, in words; of one that was skipped, why. */
export function outcomeOf({ unavailable, broken, ...counts }: SuiteResult): string {
  const { passed, failed, skipped } = counts;
  if (unavailable !== undefined) return `skipped: ${unavailable}`;
  if (broken !== undefined) return `did not start: ${broken}`;
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** The results as a Markdown page. */
export function report(results: readonly SuiteResult[], options: { commit: string }): string {
  const rows = results.map((it) => {
    return `| ${it.topology.name} | ${it.topology.what} | ${outcomeOf(it)} | ${it.seconds} s |`;
  });
  return [
    '# The end-to-end suite on every topology',
    '',
    `\`npm run test:topologies -- --report test/topologies/REPORT.md\`, ${new Date().toISOString().slice(0, 10)}, commit ${options.commit}, ` +
      `Node.js ${process.versions.node}, ${os.availableParallelism()} cores.`,
    '',
    '| topology | what it is | outcome | took |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
