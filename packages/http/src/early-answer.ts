import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** Answers a request without the app, if it can; returns whether it does. */
export type EarlyAnswer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Creates a listener in which the first of `early` that can answers a request, or else the app. */
export function answerEarly(app: RequestListener, early: readonly EarlyAnswer[]): RequestListener {
  return (request, response) => {
    for (const answer of early) if (answer(request, response)) return;
    app(request, response);
  };
}
