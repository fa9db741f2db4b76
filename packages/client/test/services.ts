import { createDataset } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import { type Client, createClient } from '../src/client.ts';
import type { ClientOptions } from '../src/settings.ts';

/** The real services of a deployment that says "succeeded", and clients of them. */
export interface Services {
  readonly stack: TestStack;
  clientOf(options?: Partial<ClientOptions>): Client;
  /** Creates a dataset that no other test uses. */
  newDataset(code: string): Promise<string>;
}

export const mostOpenJobs = 4;

export async function startServices(): Promise<Services> {
  const stack = await startStack({
    serviceEnv: {
      api: { MAX_OPEN_JOBS_PER_DATASET: String(mostOpenJobs) },
      status: { SUCCESS_STATUS: 'succeeded' },
    },
  });
  return {
    stack,
    clientOf(options) {
      const { apiUrl, statusUrl, key: apiKey } = stack;
      return createClient({ apiUrl, statusUrl, apiKey, ...options });
    },
    async newDataset(code) {
      await createDataset(stack.database.pool(), { code, owner: stack.owner });
      return code;
    },
  };
}

export const inMs = (ms: number): Date => new Date(Date.now() + ms);

/** All items, in order. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}
