import type { RequestListener } from 'node:http';
import type { Express, Request, Response } from 'express';

/** Answers a request if it knows how to, without the app; returns whether it does. */
export type EarlyAnswer = (request: Request, response: Response) => boolean;

/** An app behind what answers early. Its messages are of the app's own classes, see `messageClasses`. */
export type AppListener = RequestListener & Pick<Express, 'request' | 'response'>;

/** Has requests answered by the first of `early` that knows how to, and by the app if none does. */
export function answerEarly(app: Express, early: readonly EarlyAnswer[]): AppListener {
  const listener = (request: Request, response: Response): void => {
    for (const answer of early) if (answer(request, response)) return;
    app(request, response);
  };
  const { request, response } = app;
  return Object.assign(listener as RequestListener, { request, response });
}
