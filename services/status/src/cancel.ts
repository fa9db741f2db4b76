import { Unavailable } from '@kasabi/protocol';
import { headersOf } from '@kasabi/tracing';
import type { Request, Response } from 'express';
import type { Api } from './api.ts';
import type { NamedJob } from './read-job.ts';

/** What can be sent in a header unchanged. */
const printable = /^[\x21-\x7e]+$/;

/** How long the api service may take, in milliseconds. */
const timeoutMs = 15_000;

/** The headers of the api service's answer that the client gets, besides status and body. */
const answerHeaders = ['content-type', 'retry-after', 'www-authenticate', 'cache-control'] as const;

/**
 * Forwards `DELETE` of a job's address to the api service: clients know the job by its address here, but this service
 * writes nothing.
 *
 * @throws Unavailable if the api service does not answer.
 */
export async function forwardCancel(
  api: Api,
  { key, datasetCode, jobId }: NamedJob,
  request: Request,
  response: Response,
): Promise<void> {
  const target = new URL(`${api.url}/dataset/${datasetCode}/jobs/${jobId}`);
  if (!printable.test(key)) target.searchParams.set('apikey', key);
  let answer: globalThis.Response;
  let body: Buffer;
  try {
    answer = await fetch(target, {
      method: 'DELETE',
      headers: {
        ...(printable.test(key) && { X_KASABI_APIKEY: key }),
        Accept: request.headers.accept ?? '*/*',
        ...headersOf(),
        ...api.headersFor(request),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    throw Object.assign(new Unavailable(), { cause: error });
  }
  for (const name of answerHeaders) {
    const value = answer.headers.get(name);
    if (value !== null) response.set(name, value);
  }
  response.status(answer.status).send(body);
}
