import { apiKeyOf, jobIdOf, queryOf, readParameters, shortCodeOf } from '@kasabi/http';
import { Unavailable } from '@kasabi/protocol';
import { headersOf } from '@kasabi/tracing';
import type { Request, Response } from 'express';
import type { Api } from './api.ts';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

/** What a header can carry as it is. */
const printable = /^[\x21-\x7e]+$/;

/** How long the api service may take, in milliseconds. */
const timeoutMs = 15_000;

/** What of the api service's answer the client gets, beside status and body. */
const answerHeaders = ['content-type', 'retry-after', 'www-authenticate', 'cache-control'] as const;

/**
 * Hands `DELETE` of a job's address on to the api service: a client knows the job by its address here,
 * and this service writes nothing.
 *
 * @throws Unavailable when the api service does not answer.
 */
export async function forwardCancel(
  api: Api,
  request: Request<{ code: string; id: string }>,
  response: Response,
): Promise<void> {
  const { parameters, problem } = readParameters(request, parameterNames);
  const key = apiKeyOf(request, parameters);
  // What cannot be a short code goes as one that no dataset has: `..` would lead elsewhere.
  const code = shortCodeOf(request.params.code) || '_';
  const target = new URL(`${api.url}/dataset/${code}/jobs/${jobIdOf(request.params.id)}`);
  // What is wrong with the parameters is for the api service to say, once it knows the key.
  if (problem !== undefined) target.search = queryOf(request);
  // A key that cannot stand in a header is none, which is for the api service to say as well.
  else if (!printable.test(key)) target.searchParams.set('apikey', key);
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
