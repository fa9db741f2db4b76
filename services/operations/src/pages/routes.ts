import { type Html, html, methodNotAllowed, queryOf, readBody, toApiError } from '@kasabi/http';
import { isTransient } from '@kasabi/postgres';
import type { RedisConnection } from '@kasabi/queue';
import type { Logger } from '@kasabi/runtime';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
} from 'express';
import type pg from 'pg';
import type { Settings } from '../env.ts';
import type { OperationsMetrics } from '../metrics.ts';
import { addActions } from './actions.ts';
import { addAssets } from './assets.ts';
import { createEndedSessions } from './ended-sessions.ts';
import { NoSuchPage, PageError } from './errors.ts';
import { createGuard } from './guard.ts';
import { createLayout, type Place } from './layout.ts';
import { createLinks } from './links.ts';
import type { Live } from './live.ts';
import { noticeOf } from './notices.ts';
import { createPages } from './pages.ts';
import { addQueues } from './queues.ts';
import type { Reads } from './reads.ts';
import { securityHeaders } from './security.ts';
import { createSessions } from './session.ts';
import { addSignIn } from './sign-in.ts';
import { addStream } from './stream.ts';

/** What the pages are made from. */
export interface PagesOptions {
  readonly settings: Settings;
  /** Actions use this. */
  readonly pool: pg.Pool;
  readonly metrics: Pick<OperationsMetrics, 'cancelled'>;
  readonly log: Logger;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

export interface OperationsOptions extends PagesOptions {
  /** Undefined without REDIS_URL. */
  readonly redis: RedisConnection | undefined;
  readonly onRedisError: (error: unknown) => void;
  readonly reads: Reads;
  readonly live: Live;
}

/** Makes the pages for operators; `addTo` mounts them below `/ops`. */
export function createOperations(options: OperationsOptions) {
  const { settings, pool, metrics, redis, onRedisError, reads, live, log, stopping } = options;
  const password = settings.OPERATOR_PASSWORD;
  const { protocol, pathname } = new URL(settings.OPERATIONS_PUBLIC_URL);
  const base = `${pathname.replace(/\/$/, '')}/ops`;
  const links = createLinks(base);
  const router = express.Router({ caseSensitive: true });
  const sessions = createSessions(password);
  const ended = createEndedSessions({ redis, onError: onRedisError });
  const guard = createGuard({ sessions, ended, base, secure: protocol === 'https:' });
  const layout = createLayout(links, addAssets(router, base));
  const pages = createPages(reads, links);
  router.use(readBody, guard.readSession);

  /** A page with only a title and a text, instead of another one. */
  const plain = (request: Request, title: string, text: Html, place?: Place): string => {
    const head = html`<h1>${title}</h1>\n${text}`;
    const formToken = guard.formTokenOf(request);
    return formToken === ''
      ? layout.bare(title, html`<div class="card sign-in">${head}</div>`)
      : layout.page({ title, place, head, formToken });
  };
  const say =
    (title: string, text: Html): RequestHandler =>
    (request, response) => {
      const body = html`<p class="card">${text}</p>`;
      response.type('text/html').send(plain(request, title, body, 'queues'));
    };

  addSignIn(router, { guard, sessions, layout, base, password, log });
  router.use(guard.requireSession);
  addQueues(router, { redis, links, say, onError: onRedisError });
  addStream(router, {
    guard,
    ended,
    live,
    stopping,
    viewsOf(target) {
      const page = pages.find(target);
      return page && [pages.bar, page.view];
    },
  });
  router
    .route('/session')
    .get((request, response) => {
      const session = guard.sessionOf(request);
      if (session !== undefined && request.method === 'GET') {
        guard.renew(request, response, session);
      }
      response.status(204).end();
    })
    .all(methodNotAllowed('GET'));
  addActions(router, { reads, links, plain, guard, db: pool, metrics, log });

  const show: RequestHandler = async (request, response) => {
    const page = pages.find(request.url);
    if (page === undefined) throw new NoSuchPage();
    const query = new URLSearchParams(queryOf(request));
    const isAfterAction = query.has('done');
    const main = await live.show(page.view, isAfterAction);
    const bar = await live.show(pages.bar, isAfterAction);
    const { title, place } = page;
    const head = html`${noticeOf(query)}${page.head}`;
    const formToken = guard.formTokenOf(request);
    const shown = { target: request.url, bar, main };
    response.type('text/html').send(layout.page({ title, place, head, live: shown, formToken }));
  };
  router.route('/{*page}').get(show).all(methodNotAllowed('GET', 'HEAD'));

  const answerErrors: ErrorRequestHandler = (error, request, response, next) => {
    if (response.headersSent || !request.headers.accept?.includes('text/html')) {
      if (!(error instanceof PageError) || response.headersSent) return next(error);
      response.status(error.status).type('text/plain').send(`${error.message}\n`);
      return;
    }
    const requestId = String(response.getHeader('X-Request-Id'));
    const told = error instanceof PageError ? error : toApiError(error, requestId, isTransient);
    // For the request's line in the log.
    if (told.status >= 500) Object.assign(response, { err: error });
    const title = error instanceof PageError ? error.title : 'Something went wrong';
    const body = html`<p class="notice bad" role="alert">${told.message}</p><p><a href="${request.originalUrl}">Try again</a> or go to <a href="${base}">the first page</a>.</p>`;
    response
      .status(told.status)
      .type('text/html')
      .send(plain(request, title, body));
  };
  router.use(answerErrors);

  return {
    /** The path of the first page, as browsers see it: `/ops`. */
    base,
    addTo(app: Express): void {
      app.use('/ops', securityHeaders, router);
    },
  };
}
