import { type EndedJobDocument, hasEnded, type JobReference } from './documents.ts';
import { RequestRefused, UnexpectedAnswer } from './errors.ts';
import { type SignalOption, status } from './status.ts';
import { documentIn } from './submit.ts';
import type { Transport } from './transport.ts';

/** Cancels a scheduled job. */
export async function cancel(
  transport: Transport,
  job: JobReference,
  { signal }: SignalOption = {},
): Promise<EndedJobDocument> {
  const url = transport.addresses.job(job);
  try {
    const answer = await transport.send({ method: 'DELETE', url, signal });
    const document = documentIn(answer) ?? (await status(transport, url, { signal }));
    if (hasEnded(document)) return document;
    throw new UnexpectedAnswer(`The cancelled job is ${document.status}.`);
  } catch (error) {
    if (!(error instanceof RequestRefused && error.code === 'not-scheduled')) throw error;
    // The first try may have cancelled it and its answer been lost. A job that ended without ever starting was
    // cancelled: there is no other way.
    const document = await status(transport, url, { signal });
    if (hasEnded(document) && document.status === 'failed' && document.attempt === 0) {
      return document;
    }
    throw error;
  }
}
