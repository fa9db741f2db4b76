import os from 'node:os';
import type { SuiteResult } from './run-suite.ts';

/** The results as a Markdown page. */
export function report(results: readonly SuiteResult[], options: { commit: string }): string {
  const rows = results.map((it) => {
    const outcome = it.unavailable ?? `${it.passed} passed, ${it.failed} failed`;
    return `| ${it.topology.name} | ${it.topology.what} | ${outcome} | ${it.seconds} s |`;
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
