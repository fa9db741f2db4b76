import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type Html, html, methodNotAllowed } from '@kasabi/http';
import { createViewer, jobIdOfDelivery, type RedisConnection } from '@kasabi/queue';
import type { RequestHandler, Router } from 'express';
import type { Links } from './links.ts';
import { contentSecurityPolicy } from './security.ts';

export interface QueuesOptions {
  /** The Redis to show; without one, a page says so. */
  readonly redis: RedisConnection | undefined;
  readonly links: Links;
  /** Answers with a page that has only a title and a text. */
  readonly say: (title: string, text: Html) => RequestHandler;
  readonly onError: (error: unknown) => void;
}

/** Unlike the other pages, bull-board needs a base address, and images in its style sheet. */
const boardPolicy = contentSecurityPolicy({
  'img-src': "'self' data:",
  'base-uri': "'self'",
  'form-action': "'none'",
});

/**
 * Adds bull-board, which shows the queue as BullMQ has it, behind whatever the router has before it. It is read-only:
 * by its own setting, and because only GET gets through.
 */
export function addQueues(router: Router, options: QueuesOptions): void {
  const { redis, links, say, onError } = options;
  if (redis === undefined) {
    const text = html`The queue in Redis is shown here when the operations service has <code>REDIS_URL</code>. Jobs, workers and the relay are on the other pages, which need Postgres only.`;
    router.use('/queues', say('The queue is not shown', text));
    return;
  }
  const adapter = new ExpressAdapter();
  adapter.setBasePath(links.queues.replace(/\/$/, ''));
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Kasabi Jobs',
        miscLinks: [{ text: 'Operations', url: links.base }],
        hideRedisDetails: true,
      },
    },
  });
  let shown: Promise<void> | undefined;

  const whenReady: RequestHandler = async (request, response, next) => {
    try {
      if (redis.status !== 'ready') throw new Error(`Redis is ${redis.status}`);
      shown ??= createViewer(redis, onError).then((queue) => {
        const jobs = new BullMQAdapter(queue, {
          readOnlyMode: true,
          allowRetries: false,
          externalJobUrl: ({ id }) => ({
            displayText: 'Its page',
            href: links.job(jobIdOfDelivery(String(id))),
          }),
        });
        // A delivery has no payload; its id is a short form of the record's.
        jobs.setFormatter('name', ({ id }) => jobIdOfDelivery(String(id)));
        board.addQueue(jobs);
      });
      await shown;
      response.set('Content-Security-Policy', boardPolicy);
      next();
    } catch (error) {
      shown = undefined;
      onError(error);
      const text = html`Redis does not answer this service. Jobs are still accepted, and run when it is back.`;
      await say('Redis does not answer', text)(request, response, next);
    }
  };

  router.use('/queues', (request, response, next) => {
    if (request.method !== 'GET') return methodNotAllowed('GET')(request, response, next);
    return whenReady(request, response, next);
  });
  router.use('/queues', adapter.getRouter());
}
