import { Unavailable } from '@kasabi/protocol';
import { apiKeyOf, readParameters } from '@kasabi/service-kit';
import type { Request, Response } from 'express';

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

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
  apiUrl: string,
  request: Request<{ code: string; id: string }>,
  response: Response,
): Promise<void> {
  const { parameters, problem } = readParameters(request, parameterNames);
  const key = apiKeyOf(request, parameters);
  const [code, id] = [request.params.code, request.params.id].map(encodeURIComponent);
  // What is wrong with the parameters is for the api service to say, once it knows the key.
  const query = problem === undefined ? '' : (request.originalUrl.split('?')[1] ?? '');
  const target = `${apiUrl}/dataset/${code}/jobs/${id}${query === '' ? '' : `?${query}`}`;
  let answer: globalThis.Response;
  try {
    answer = await fetch(target, {
      method: 'DELETE',
      headers: {
        X_KASABI_APIKEY: key,
        Accept: request.headers.accept ?? '*/*',
        'X-Request-Id': String(response.getHeader('X-Request-Id') ?? ''),
        'X-Forwarded-For': request.ip ?? '',
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw Object.assign(new Unavailable(), { cause: error });
  }
  for (const name of answerHeaders) {
    const value = answer.headers.get(name);
    if (value !== null) response.set(name, value);
  }
  response.status(answer.status).send(Buffer.from(await answer.arrayBuffer()));
}
