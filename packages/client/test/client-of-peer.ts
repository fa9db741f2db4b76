import assert from 'node:assert/strict';
import { type Client, createClient } from '../src/client.ts';
import type { ClientOptions } from '../src/settings.ts';
import type { Peer } from './peer.ts';

export const apiKey = 'secret+key/1=';

/** A client of this peer, without retries. */
export function clientOf(peer: Peer, options: Partial<ClientOptions> = {}): Client {
  return createClient({ apiUrl: peer.url, statusUrl: peer.url, apiKey, maxRetries: 0, ...options });
}

export const jobAt = (peer: Peer): string => `${peer.url}/data/nasa/jobs/j1`;

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}
