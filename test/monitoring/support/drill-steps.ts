import assert from 'node:assert/strict';
import type { TestStack } from '@kasabi/test/support';
import { submitForm } from '@kasabi/test/support/client';
import { Redis } from 'ioredis';

// The operations service looks more often than usual; what it looks for is the same.
export const operations = { SAMPLE_INTERVAL_MS: '2000' };

// Inherited unless set.
export const inTurn = { concurrency: 1 };

export async function redis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

export async function submit(stack: TestStack): Promise<string> {
  const { status, text } = await submitForm(stack, { jobType: 'reset' });
  assert.equal(status, 202, text);
  return text;
}
