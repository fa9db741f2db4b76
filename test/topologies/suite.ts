import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { findTestFiles } from '../support/test-files.ts';

/** Files that would test the same thing again on each topology, with the reason. */
const once: Readonly<Record<string, string>> = {
  'test/e2e/runtimes.test.ts': 'versions of Node.js',
  'test/e2e/settings.test.ts': 'services that refuse to start',
  'test/e2e/hostile.test.ts': 'clients that never reach a server behind the service',
  'test/e2e/limits.test.ts': 'limits within one process',
};

/** The files that CI runs on each topology, the longest first: the life of a job as clients of all kinds see it. */
const short = ['steering', 'watching', 'clients-of-2011'].map((it) => `test/e2e/${it}.test.ts`);

/** The end-to-end tests that start a stack and do not choose its servers themselves. */
export function suiteFiles(options: { readonly short: boolean }): string[] {
  const all = findTestFiles(projectRoot, ['test/e2e/']);
  return (options.short ? short.filter((file) => all.includes(file)) : all)
    .filter((file) => !(file in once))
    .filter((file) => /\bstartStack\b/.test(readFileSync(path.join(projectRoot, file), 'utf8')));
}
