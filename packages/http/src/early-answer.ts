import type { RequestListener } from 'node:http';
import type { Express, Request, Response } from 'express';

/** Answers a request without the app, if it can; returns whether it does. */
export type EarlyAnswer = (request: Request, response: Response) => boolean;

/** An app with early answers. Its requests and responses have the app's own classes: see `messageClasses`. */
export type AppListener = RequestListener & Pick<Express, 'request' | 'response'>;

/** Creates a listener in which the first of `early` that can answers a request, or else the app. */
export function answerEarly(app: Express, early: readonly EarlyAnswer[]): AppListener {
  const listener = (request: Request, response: Response): void => {
    for (const answer of early) if (answer(request, response)) return;
    app(request, response);
  };
  const { request, response } = app;
  return Object.assign(listener as RequestListener, { request, response });
}
