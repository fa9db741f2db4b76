import { entityTag, type Handlers, openEventStream } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { ApiError, jobDocumentOf } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type { JobHandlersOptions } from './jobs.ts';
import type { FoundJob } from './read-job.ts';
import { hasEnded, waitForChange } from './wait.ts';

/**
 * The handler that streams the changes of a job: server-sent events (HTML Standard, section 9.2), one with the job's
 * document at once and one at each change of its state. The stream ends with the job.
 */
export function eventHandlers(options: JobHandlersOptions): Pick<Handlers<'jobs'>, 'watchJob'> {
  const eventOf = (record: JobRecord): { readonly id: string; readonly text: string } => {
    const data = JSON.stringify(jobDocumentOf(record, options));
    const id = entityTag(data).slice(1, -1);
    return { id, text: `id: ${id}\nevent: status\ndata: ${data}\n\n` };
  };

  async function stream(request: Request, response: Response, found: FoundJob): Promise<void> {
    const { record: first } = found;
    let event = eventOf(first);
    const known = request.headers['last-event-id'] === event.id;
    if (known && hasEnded(first)) {
      // An EventSource reconnects whenever a stream ends; this tells it that there is no more.
      response.status(204).end();
      return;
    }
    const isHeld = request.method !== 'HEAD' && !hasEnded(first);
    const endHold = isHeld ? options.held.hold(request, found) : () => undefined;
    response.set('Cache-Control', 'no-store');
    const events = openEventStream(request, response);
    if (request.method === 'HEAD') return;
    events.write('retry: 1000\n\n');
    if (!known) events.write(event.text);
    try {
      let seen: FoundJob | undefined = found;
      while (seen !== undefined && !hasEnded(seen.record)) {
        const { watcher } = options;
        seen = await waitForChange({ watcher, request, response, found: seen });
        if (seen === undefined) break;
        event = eventOf(seen.record);
        events.write(event.text);
      }
    } catch (error) {
      // The stream ends. A client that comes back gets the reason as its answer.
      if (!(error instanceof ApiError)) throw error;
      events.write(`: ${error.message}\n\n`);
    } finally {
      endHold();
      events.end();
    }
  }

  return {
    async watchJob(request, response) {
      await stream(request, response, await options.jobs.read(request));
    },
  };
}
