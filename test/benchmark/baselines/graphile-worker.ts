// The same reset as a task of graphile-worker.
import { Logger, run } from 'graphile-worker';
import { concurrency, reset, workerPool } from './reset.ts';
import { settings } from './settings.ts';

const { databaseUrl } = settings();
const pool = workerPool(databaseUrl);
await run({
  connectionString: databaseUrl,
  concurrency,
  pollInterval: 100,
  logger: new Logger(() => () => undefined),
  taskList: {
    reset: (payload) => reset(pool, (payload as { datasetId: number }).datasetId),
  },
});
process.stdout.write('ready\n');
