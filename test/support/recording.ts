import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { environment } from './env.ts';

const recorder = path.resolve(import.meta.dirname, '../statements/record.ts');

/** What has a program of ours note what it sends to Postgres, as the test files themselves do. */
export function recording(): NodeJS.ProcessEnv {
  const { RECORDED_STATEMENTS } = environment();
  return {
    RECORDED_STATEMENTS,
    NODE_OPTIONS: `--enable-source-maps --import=${pathToFileURL(recorder)}`,
  };
}
