// Runs test files in the order given, which `node --test` would not keep, each in a process of its own:
//   run-files.ts CONCURRENCY TOTALS-FILE TEST-FILE …
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { projectRoot } from '@kasabi/local';

const [concurrency, totalsFile = '', ...files] = process.argv.slice(2);
const durations = new Map<string, number>();

run({ files, concurrency: Number(concurrency), timeout: 900_000 })
  .on('test:summary', ({ file, duration_ms: ms, counts, success }) => {
    if (file !== undefined) {
      durations.set(path.relative(projectRoot, file), ms);
      return;
    }
    if (!success) process.exitCode = 1;
    const skipped = counts.skipped + counts.todo;
    const failed = counts.tests - counts.passed - skipped;
    writeFileSync(totalsFile, JSON.stringify({ passed: counts.passed, failed, skipped }));
  })
  .compose(spec)
  .on('end', () => {
    const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, 12);
    for (const [file, ms] of slowest) {
      process.stdout.write(`${(ms / 1_000).toFixed(1).padStart(6)} s ${file}\n`);
    }
  })
  .pipe(process.stdout);
