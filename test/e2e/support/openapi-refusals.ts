import { randomUUID } from 'node:crypto';
import { form } from '@kasabi/test/support/client';
import type { PlannedRequest } from './openapi-requests.ts';
import type { DocumentedWorld } from './openapi-world.ts';

/** A request, the status of its answer, and the services to send it to unless they are the usual ones. */
export type Refusal = readonly [number, PlannedRequest, DocumentedWorld['away']?];

/** A request for each error that the document names, in order; each can be sent twice. */
export async function refusals(world: DocumentedWorld): Promise<readonly Refusal[]> {
  const { stack, ended, exported, expired, strict, spent, away } = world;
  const key = { X_KASABI_APIKEY: stack.key };
  const jobs = '/dataset/schema/jobs';
  const job = `/data/schema/jobs/${ended}`;
  const file = `/data/schema/exports/${exported}`;
  const used = { ...key, 'Content-Type': form, 'Idempotency-Key': randomUUID() };
  const post = (body: string, headers = {}, url = jobs) => ({
    ...{ method: 'POST', url, body },
    headers: { ...key, 'Content-Type': form, ...headers },
  });
  await world.send(post('jobType=reset', used));
  const get = (url: string, headers = {}) => ({ method: 'GET', url, headers });
  const cancel = (url: string, headers = {}) => ({ method: 'DELETE', url, headers });
  return [
    [400, post('{', { 'Content-Type': 'application/json' })],
    [404, post('jobType=reset', {}, '/dataset/mars/jobs')],
    [413, post('x'.repeat(16_385))],
    [415, post('jobType=reset', { 'Content-Type': 'text/plain' })],
    [422, post('jobType=reset&startTime=2011-05-27T14:30:00Z', used)],
    // One for each Accept: the third request is one too many.
    [429, post('jobType=reset'), strict],
    [429, post('jobType=reset'), strict],
    [429, get(jobs), strict],
    [429, cancel(`/dataset/schema/jobs/${ended}`, key), strict],
    [429, cancel(job, key), strict],
    [503, post('jobType=reset'), away],
    ...[cancel(`/dataset/schema/jobs/${ended}`, key), cancel(job, key)].flatMap((request) => [
      [400, { ...request, url: `${request.url}?x=1` }] as const,
      [401, { ...request, headers: {} }] as const,
      [404, { ...request, url: request.url.replace('schema', 'mars') }] as const,
    ]),
    [503, cancel(`/dataset/schema/jobs/${ended}`, key), away],
    [503, cancel(job, key), away],
    [410, post(`jobType=restore&source=${expired}`)],
    [410, get(file.replace(exported, expired), key)],
    [416, get(file, { ...key, Range: 'bytes=1000000-' })],
    ...['/data/schema/jobs', job, `${job}/events`, file]
      .map((url) => get(url, key))
      .flatMap((request) => [
        [400, { ...request, url: `${request.url}?x=1` }] as const,
        [401, { ...request, headers: {} }] as const,
        [404, { ...request, url: request.url.replace('schema', 'mars') }] as const,
        [429, request, spent] as const,
        [503, request, away] as const,
      ]),
    ...['/dataset/schema', '/dataset/schema.ttl', '/dataset/schema/status'].flatMap((url) => [
      [404, get(url.replace('schema', 'mars'))] as const,
      [429, get(url), spent] as const,
      [503, get(url), away] as const,
    ]),
    ...['/', '/docs', '/openapi.json'].map((url) => [429, get(url), spent] as const),
  ];
}
