import { type Method, type RouteTable, routeTable } from '@kasabi/routes';
import type { Express, Request, RequestHandler, Response } from 'express';
import { methodNotAllowed } from './methods.ts';
import { readBody } from './read-body.ts';

/** The routes of a group, by the ids of their operations. */
type RoutesOf<Group extends keyof RouteTable> = RouteTable[Group]['routes'];

/** The names of the parameters in a path: `code` and `id` in `/data/{short-code}/jobs/{id}`. */
type PlacesOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends 'short-code' ? 'code' : Name) | PlacesOf<Rest>
  : never;

/** Answers the requests to one route. If it throws, the app answers with the error. */
export type Handler<Path> = (
  request: Request<{ [place in PlacesOf<Path>]: string }>,
  response: Response,
) => void | Promise<void>;

/** A handler for each route of a group in the table, by the ids of their operations. */
export type Handlers<Group extends keyof RouteTable> = {
  readonly [id in keyof RoutesOf<Group>]: RoutesOf<Group>[id] extends { readonly path: infer Path }
    ? Handler<Path>
    : never;
};

/** Any path in the table, in the form of OpenAPI. */
export type RoutePath = {
  [group in keyof RouteTable]: {
    [id in keyof RoutesOf<group>]: RoutesOf<group>[id] extends { readonly path: infer Path }
      ? Path
      : never;
  }[keyof RoutesOf<group>];
}[keyof RouteTable];

/** The handlers for the methods of one path, in order. */
type Steps = { [method in Method]?: readonly RequestHandler[] };

/** Requires an argument that nobody passes if there is a handler without a route. */
type OfNoRoute<Ids> = [Ids] extends [never] ? [] : [handlersOfNoRoute: Ids];

/**
 * Adds the routes of a group to an app, each with its handler. HEAD, OPTIONS and the answer to other methods are added
 * automatically. A missing handler, or one without a route, does not compile.
 */
export function addRoutes<Group extends keyof RouteTable, Given extends Handlers<Group>>(
  app: Express,
  group: Group,
  handlers: Given,
  ..._none: OfNoRoute<Exclude<keyof Given, keyof Handlers<Group>>>
): void {
  const byPath = new Map<RoutePath, Steps>();
  for (const [id, route] of Object.entries(routeTable[group].routes)) {
    const handler = apart(handlers[id as keyof Given] as Handler<string>);
    const steps = byPath.get(route.path) ?? {};
    steps[route.method as Method] = 'body' in route ? [readBody, handler] : [handler];
    byPath.set(route.path, steps);
  }
  // Longer paths first, because /dataset/{short-code} also matches /dataset/{short-code}.{extension}.
  const ordered = [...byPath].sort(([a], [b]) => b.length - a.length);
  for (const [path, steps] of ordered) addRoute(app, path, steps);
}

/** Answers a request whose handler has failed. */
export type AnswerError = (error: unknown, request: Request, response: Response) => void;

/** The app's setting with its `AnswerError`. */
export const answerErrorSetting = 'answer to errors';

/**
 * Express keeps a request's whole way through the app for as long as it waits for a handler's promise: kilobytes, and a
 * minute where an answer is held. So it does not get the promise.
 */
function apart(handler: Handler<string>): RequestHandler {
  return (request, response) => {
    const answered = handler(request, response);
    answered?.catch((error: unknown) => {
      (request.app.get(answerErrorSetting) as AnswerError)(error, request, response);
    });
  };
}

const methodsInOrder = ['get', 'post', 'delete'] as const;

/** Adds one path to an app, with HEAD, OPTIONS and the answer to other methods. */
export function addRoute(app: Pick<Express, 'route'>, path: RoutePath, steps: Steps): void {
  const route = app.route(path.replace('{short-code}', ':code').replace(/\{(\w+)\}/g, ':$1'));
  const allowed = methodsInOrder.filter((method) => steps[method] !== undefined);
  for (const method of allowed) route[method](...(steps[method] ?? []));
  const named = allowed.flatMap((method) =>
    method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase(),
  );
  route.all(methodNotAllowed(...named));
}
