import { type JobStatus, type ListedJob, readPage } from './documents.ts';
import { UnexpectedAnswer } from './errors.ts';
import { findLink } from './link-header.ts';
import type { Transport } from './transport.ts';

export interface ListOptions {
  /** Only jobs with this status. */
  readonly status?: JobStatus | undefined;
  /** Only jobs of this type. */
  readonly jobType?: string | undefined;
  /** The size of a page, not a limit for all jobs. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Lists a dataset's jobs; a page is fetched when the previous one has been read. */
export async function* list(
  transport: Transport,
  dataset: string,
  { signal, ...filters }: ListOptions = {},
): AsyncGenerator<ListedJob, void, undefined> {
  let url = transport.addresses.list(dataset);
  for (const name of ['status', 'jobType', 'limit'] as const) {
    if (filters[name] !== undefined) url.searchParams.set(name, String(filters[name]));
  }
  for (;;) {
    const answer = await transport.send({ method: 'GET', url, signal });
    for (const job of readPage(answer.text)) {
      yield job;
      signal?.throwIfAborted();
    }
    const next = findLink(answer.headers.get('link'), 'next');
    if (next === undefined) return;
    const following = transport.addresses.given(next, answer.url);
    if (following.href === url.href) {
      throw new UnexpectedAnswer('The next page is the same as this one.');
    }
    url = following;
  }
}
