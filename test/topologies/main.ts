// What `npm run test:topologies` runs: the same end-to-end tests on every topology, or on those named.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forgetShellSettings, projectRoot, runCommand } from '@kasabi/local';
import { add, beginTestRun, type Totals } from '../support/test-run.ts';
import { topologies } from './index.ts';
import { outcomeOf, report } from './report.ts';
import { runSuite, type SuiteResult } from './run-suite.ts';
import { suiteFiles } from './suite.ts';

const usage = `Usage: npm run test:topologies -- [options] [TOPOLOGY …]
  --short         the part of the suite that CI runs on each
  --report FILE   writes the results as Markdown, too
Topologies: ${topologies.map(({ name }) => name).join(', ')}; all of them unless named.`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function choose(names: readonly string[]) {
  const unknown = names.filter((name) => !topologies.some((it) => it.name === name));
  if (unknown.length > 0) throw new Error(`There is no topology "${unknown.join('", "')}".`);
  return names.length === 0 ? topologies : topologies.filter(({ name }) => names.includes(name));
}

async function main(): Promise<Totals> {
  const { values, positionals } = parseArgs({
    options: { short: { type: 'boolean', default: false }, report: { type: 'string' } },
    allowPositionals: true,
  });
  const chosen = choose(positionals);
  const run = beginTestRun();
  const files = suiteFiles({ short: values.short });
  const results: SuiteResult[] = [];
  for (const topology of chosen) {
    if (run.signal.aborted) break;
    say(`\n${topology.name}: ${topology.what}`);
    results.push(await runSuite(run, topology, files, say));
  }
  const totals: Totals = { passed: 0, failed: run.signal.aborted ? 1 : 0, skipped: 0 };
  say('');
  for (const result of results) {
    add(totals, result);
    say(`${result.topology.name.padEnd(18)} ${outcomeOf(result)} in ${result.seconds} s`);
  }
  const skipped = results.filter(({ unavailable }) => unavailable !== undefined);
  const names = skipped.map(({ topology }) => topology.name).join(', ');
  if (skipped.length > 0) say(`\nSKIPPED, because its server cannot be had here: ${names}`);
  if (values.report !== undefined) {
    const commit = (await runCommand('git', ['rev-parse', '--short', 'HEAD'])).trim();
    writeFileSync(path.resolve(projectRoot, values.report), report(results, { commit }));
  }
  return totals;
}

forgetShellSettings(true);
let totals: Totals = { passed: 0, failed: 1, skipped: 0 };
try {
  totals = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  say(usage);
}
say(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);
