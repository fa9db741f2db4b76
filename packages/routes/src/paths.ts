import type { ErrorCode } from '@kasabi/protocol';
import { codeSample } from './code-sample.ts';
import type { OpenApiDocument, Operation, Server } from './document-types.ts';
import type { ErrorResponses } from './error-answers.ts';
import { headersOf } from './headers.ts';
import { keyNeeded, parameterRef, pathParameters } from './parameters.ts';
import type { DocumentedRoute, RouteGroup } from './route.ts';
import { routeTable } from './table.ts';

/** The errors of every route that needs a key. */
const keyed = ['invalid-parameter', 'malformed-request', 'unauthorized', 'not-found'] as const;
/** The errors of a host that gets too many requests, or that cannot answer now. */
const limited = ['too-many-requests', 'unavailable'] as const;

/** The document's paths: every route of the table that it does not mark as left out. */
export function createPaths(
  servers: Readonly<Record<RouteGroup['host'], Server[]>>,
  errors: ErrorResponses,
): OpenApiDocument['paths'] {
  const paths: OpenApiDocument['paths'] = {};
  for (const group of Object.values<RouteGroup>(routeTable)) {
    // The routes that both hosts have are shown for the status host.
    const host = group.host === 'api' ? 'api' : 'status';
    const [{ url } = { url: '' }] = servers[host];
    for (const [id, route] of Object.entries(group.routes)) {
      if ('leftOut' in route) continue;
      const { path, method } = route;
      const parameters = pathParameters(path);
      const responses = { ...errors.of(host, errorsOf(group, route)), ...answersOf(route) };
      paths[path] = {
        servers: servers[group.host],
        ...(parameters.length > 0 && { parameters }),
        ...paths[path],
        [method]: { ...describe(id, route, url), tags: [group.tag], responses },
      };
    }
  }
  return paths;
}

/** An operation without its tag and its answers. */
function describe(id: string, route: DocumentedRoute, url: string) {
  const { summary, description, needsKey, parameters, body, samples } = route;
  return {
    operationId: id,
    summary,
    description,
    security: needsKey ? keyNeeded : [],
    ...(parameters !== undefined && { parameters: parameters.map(parameterRef) }),
    ...(body !== undefined && { requestBody: body }),
    'x-codeSamples': samples.map((sample) => codeSample(url, route, sample)),
  };
}

const errorsOf = (group: RouteGroup, { needsKey, errors = [] }: DocumentedRoute): ErrorCode[] => [
  ...(needsKey ? keyed : []),
  ...(group.limited ? limited : []),
  ...errors,
];

const answersOf = ({ answers }: DocumentedRoute): Operation['responses'] =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { headers, ...answer }]) => [
      status,
      { ...answer, headers: headersOf(headers) },
    ]),
  );
