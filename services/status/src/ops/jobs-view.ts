import { type JobRecord, type RecordStatus, recordStatuses } from '@kasabi/jobs';
import { searchJobs } from '@kasabi/operations';
import { jobTypeNames } from '@kasabi/protocol';
import { type Html, html } from '@kasabi/service-kit';
import { timeAndDistance } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { nothing, panel, statusBadge, table } from './parts.ts';
import type { Reads } from './reads.ts';

/** What is looked for. */
export interface Search {
  readonly text: string;
  readonly status: RecordStatus | undefined;
  readonly type: string | undefined;
  /** Only jobs older than this one. */
  readonly before: string | undefined;
}

const pageSize = 50;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The search that an address asks for; what it has of nonsense is left out. */
export function searchOf(query: URLSearchParams): Search {
  const before = query.get('before') ?? '';
  return {
    text: (query.get('text') ?? '').trim().slice(0, 100),
    status: recordStatuses.find((status) => status === query.get('status')),
    type: jobTypeNames.find((type) => type === query.get('type')),
    before: uuid.test(before) ? before : undefined,
  };
}

/** The form that the search is written into. */
export function renderSearch(search: Search, links: Links): Html {
  const choice = (name: string, label: string, words: readonly string[], chosen?: string): Html =>
    html`<label>${label} <select name="${name}"><option value="">any</option>${words.map(
      (word) => html`<option${word === chosen && html` selected`}>${word}</option>`,
    )}</select></label>`;
  return html`<h1>Jobs</h1>
<form class="search" role="search" action="${links.jobs()}">
<label class="grow">Job or dataset <input type="search" name="text" value="${search.text}" placeholder="id, its first 8 digits, or part of a short code"></label>
${choice('status', 'Status', recordStatuses, search.status)}
${choice('type', 'Type', jobTypeNames, search.type)}
<button type="submit">Search</button>
</form>`;
}

/** The jobs found, newest first, a page of them. */
export async function readFound(reads: Reads, search: Search, links: Links): Promise<Sections> {
  const { text, status, type, before } = search;
  const { now } = (await reads.health()).overview;
  const found = await searchJobs(reads.db, { text, status, type, before, limit: pageSize + 1 });
  const shown = found.slice(0, pageSize);
  const next = found.length > pageSize ? shown.at(-1)?.id : undefined;
  const query = { text, status, type };
  return new Map([
    [
      'found',
      html`<div class="card">${jobTable(shown, now, links)}
<nav class="pager" aria-label="Pages">${before !== undefined && html`<a href="${links.jobs(query)}">Newest</a>`} ${
        next !== undefined && html`<a href="${links.jobs({ ...query, before: next })}">Older</a>`
      }</nav></div>`,
    ],
  ]);
}

/** Jobs as a table, with their datasets unless all are of one. */
export function jobTable(
  jobs: readonly JobRecord[],
  now: Date,
  links: Links,
  ofOneDataset = false,
): Html {
  if (jobs.length === 0) {
    return nothing(ofOneDataset ? 'The dataset has had no job.' : 'No job is found.');
  }
  const columns = [
    { name: 'Job' },
    { name: 'Status' },
    ...(ofOneDataset ? [] : [{ name: 'Dataset' }]),
    { name: 'Type', wide: true },
    { name: 'Start time' },
    { name: 'Ended', wide: true },
    { name: 'Attempts', wide: true, numeric: true },
  ];
  const rows = jobs.map((job) => ({
    key: job.id,
    cells: [
      jobLink(links, job.id),
      statusBadge(job.status),
      ...(ofOneDataset ? [] : [datasetLink(links, job.dataset)]),
      job.type,
      timeAndDistance(job.startTime, now),
      job.endTime === null ? '–' : timeAndDistance(job.endTime, now),
      job.attempt,
    ],
  }));
  return table('Jobs', columns, rows);
}

/** The newest jobs of a dataset, with a link to all of them. */
export const datasetJobs = (
  jobs: readonly JobRecord[],
  code: string,
  now: Date,
  links: Links,
): Html =>
  panel(
    'Jobs',
    jobTable(jobs, now, links, true),
    html`<a href="${links.jobs({ text: code })}">All of its jobs</a>`,
  );
