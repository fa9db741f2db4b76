import { type JobDocument, type JobReference, readJobDocument } from './documents.ts';
import type { Transport } from './transport.ts';

export interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

/** Fetches a job as it is now. */
export async function status(
  transport: Transport,
  job: JobReference,
  { signal }: SignalOption = {},
): Promise<JobDocument> {
  const url = transport.addresses.job(job);
  const answer = await transport.send({ method: 'GET', url, signal });
  return readJobDocument(answer.text);
}
