import { type Html, html } from '@kasabi/http';
import { readDatasetPage, readJob } from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import { NoSuchPage } from './errors.ts';
import { plainTime } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import { facts, statusBadge } from './parts.ts';

/** @throws NoSuchPage */
export async function aboutJob(db: Database, id: string, links: Links): Promise<Html> {
  const job = await readJob(db, id);
  if (job === undefined) throw new NoSuchPage('There is no such job; it may have been pruned.');
  return facts([
    ['Job', jobLink(links, id)],
    ['Status', statusBadge(job.status)],
    ['Dataset', html`${datasetLink(links, job.dataset)} of ${job.owner}`],
    ['Type', job.type],
    ['Start time', plainTime(job.startTime)],
    ...(job.message === null ? [] : [['Message', job.message] as const]),
  ]);
}

/** @throws NoSuchPage */
export async function aboutLock(db: Database, code: string, links: Links): Promise<Html> {
  const page = await readDatasetPage(db, code, { limit: 1 });
  if (page === undefined) throw new NoSuchPage('There is no such dataset.');
  const { lockedBy, lockedAt, owner } = page.dataset;
  if (lockedBy === null || lockedAt === null) {
    return facts([
      ['Dataset', html`${datasetLink(links, code)} of ${owner}`],
      ['Lock', 'none'],
    ]);
  }
  return facts([
    ['Dataset', html`${datasetLink(links, code)} of ${owner}`],
    ['Locked since', plainTime(lockedAt)],
    ['By the job', jobLink(links, lockedBy)],
    ['Job status', page.lockStatus === null ? 'no such job' : statusBadge(page.lockStatus)],
  ]);
}
