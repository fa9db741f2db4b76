// The benchmark: see options.ts for its command line, parts/ for what is measured.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Options, readOptions, usage } from './options.ts';
import { parts } from './parts/index.ts';
import { type Run, renderMarkdown } from './report/markdown.ts';
import { renderSvg } from './report/svg.ts';
import { build } from './support/build.ts';
import { describeMachine } from './support/machine.ts';
import { judge, type Row } from './support/result.ts';
import { startServers } from './support/servers.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(options: Options): Promise<Run> {
  const began = performance.now();
  const servers = await startServers(say);
  try {
    build(servers.folder);
    const machine = await describeMachine(servers);
    const rows: Row[] = [];
    for (const name of options.parts) {
      say(name);
      const part = parts[name];
      if (part !== undefined) rows.push(...(await part({ ...options, servers, log: say })));
    }
    return {
      ...{ command: ['npm run bench', ...argumentsGiven].join(' '), machine, rows },
      ...{ rounds: options.rounds, seconds: options.seconds },
      minutes: (performance.now() - began) / 60_000,
    };
  } finally {
    await servers.stop();
  }
}

function write(folder: string, run: Run): void {
  mkdirSync(folder, { recursive: true });
  const rows = run.rows.map((row) => ({ ...row, compared: judge(row) }));
  writeFileSync(path.join(folder, 'RESULTS.md'), renderMarkdown(run));
  writeFileSync(
    path.join(folder, 'results.json'),
    `${JSON.stringify({ ...run, rows }, null, 2)}\n`,
  );
  writeFileSync(path.join(folder, 'results.svg'), renderSvg(run.rows));
}

const given = process.argv.slice(2);
const argumentsGiven = given.length === 0 ? [] : ['--', ...given];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(1));
let options: Options;
try {
  options = readOptions(given);
} catch (error) {
  say(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
const run = await measure(options);
say(`\n${renderMarkdown(run)}`);
if (options.report !== undefined) write(options.report, run);
