import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { addRoutes, createApp, listen } from '@kasabi/http';
import { createLogger } from '@kasabi/runtime';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import { createApi } from '../src/api.ts';
import { eventHandlers } from '../src/events.ts';
import { createHeld } from '../src/held.ts';
import { jobHandlers } from '../src/jobs.ts';
import { listHandlers } from '../src/list.ts';
import { createJobReader } from '../src/read-job.ts';
import { createWatcher, type Watcher, type WatcherOptions } from '../src/watcher.ts';

/** The routes of the status service in the test's own process, so that the test can see the watcher. */
export interface StatusRoutes {
  readonly database: TestDatabase;
  readonly watcher: Watcher;
  readonly port: number;
  readonly url: string;
  /** A key of `owner`, who owns the dataset `nasa`. */
  readonly key: string;
  /** A key of another owner. */
  readonly otherKey: string;
  close(): Promise<void>;
}

/** The beginning of links in answers. */
export const publicUrl = 'https://data.example.org';

export async function startStatusRoutes(
  options: Partial<Pick<WatcherOptions, 'accessIntervalMs'>> = {},
): Promise<StatusRoutes> {
  const database = await createDatabase();
  const admin = database.pool();
  for (const name of ['owner', 'other']) await createOwner(admin, name);
  const { secret: key } = await issueKey(admin, 'owner');
  const { secret: otherKey } = await issueKey(admin, 'other');
  await createDataset(admin, { code: 'nasa', owner: 'owner' });
  const pool = database.pool('status');
  const watcher = createWatcher({
    sources: { pool },
    intervalMs: 50,
    onError: () => undefined,
    ...options,
  });
  const stopping = new AbortController();
  const successStatus = 'completed';
  const routes = (app: Parameters<typeof addRoutes>[0]): void => {
    const stop = stopping.signal;
    const api = createApi('http://127.0.0.1:1', undefined);
    const jobs = {
      jobs: createJobReader({ pool }),
      watcher,
      held: createHeld({ MAX_HELD: 0, MAX_HELD_PER_KEY: 0, MAX_HELD_PER_ADDRESS: 0 }),
      successStatus,
      statusUrl: publicUrl,
      maxWaitSeconds: 60,
      api,
      stopping: stop,
    } as const;
    addRoutes(app, 'jobs', {
      ...jobHandlers(jobs),
      ...eventHandlers(jobs),
      ...listHandlers({ sources: { pool }, statusUrl: publicUrl, successStatus }),
    });
  };
  const log = createLogger({ service: 'test', level: 'silent' });
  const app = createApp({ log, checks: {}, isUnavailable: () => false, routes });
  const server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
  for (const loop of watcher.loops) loop.start();
  return {
    database,
    watcher,
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    key,
    otherKey,
    async close() {
      stopping.abort();
      await server.close(1_000);
      await Promise.all(watcher.loops.map((loop) => loop.stop()));
      await database.close();
    },
  };
}
