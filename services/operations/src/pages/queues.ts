import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type Html, html, methodNotAllowed } from '@kasabi/http';
import { createViewer, jobIdOfDelivery, type Redis } from '@kasabi/queue';
import type { RequestHandler, Router } from 'express';
import type { Links } from './links.ts';

export interface QueuesOptions {
  /** Of the Redis that is shown; without it a page says that there is none. */
  readonly redis: Redis | undefined;
  readonly links: Links;
  /** Answers with a page that says something. */
  readonly say: (title: string, text: Html) => RequestHandler;
  readonly onError: (error: unknown) => void;
}

/** The queue as BullMQ has it, for those who look at it. */
export interface Queues {
  /** Mounts it below this router, behind whatever the router has before it. */
  addTo(router: Router): void;
}

/** bull-board needs a base address and images in its style sheet beyond the policy of the other pages. */
const contentSecurity = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Prepares bull-board, read-only: by its own setting, and by letting nothing but GET through. */
export async function createQueues(options: QueuesOptions): Promise<Queues> {
  const { redis, links, say, onError } = options;
  if (redis === undefined) {
    const text = html`The queue as Redis has it is shown here when the operations service has <code>REDIS_URL</code>. Jobs, workers and the relay are on the other pages, which need Postgres only.`;
    return {
      addTo: (router) => router.use('/queues', say('The queue is not shown', text)),
    };
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
        // A delivery has no payload; its id is the record's in short.
        jobs.setFormatter('name', ({ id }) => jobIdOfDelivery(String(id)));
        board.addQueue(jobs);
      });
      await shown;
      response.set('Content-Security-Policy', contentSecurity);
      next();
    } catch (error) {
      shown = undefined;
      onError(error);
      const text = html`Redis does not answer this service. Jobs are accepted all the same, and run when it is back.`;
      await say('Redis does not answer', text)(request, response, next);
    }
  };

  return {
    addTo(router) {
      router.use('/queues', (request, response, next) => {
        if (request.method !== 'GET') return methodNotAllowed('GET')(request, response, next);
        return whenReady(request, response, next);
      });
      router.use('/queues', adapter.getRouter());
    },
  };
}
