import { isUuid, jobTypeNames, recordStatuses } from '@kasabi/domain';
import { type Html, html } from '@kasabi/http';
import { filterTimes, type JobRecord, mostLookedAt, searchJobs } from '@kasabi/jobs';
import {
  bulkVerbs,
  type FilterParameters,
  filterParameters,
  formatCount,
  type ParsedFilter,
  parseJobFilter,
  suits,
} from '@kasabi/operations';
import { timeAndDistance } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { choice, nothing, pageOf, pager, problemList, statusBadge, table } from './parts.ts';
import type { Reads } from './reads.ts';

/** A search for jobs, as an address has it. */
export interface Search {
  readonly filter: FilterParameters;
  /** Only jobs older than this one. */
  readonly before: string | undefined;
}

const pageSize = 50;

/** The search that an address asks for. */
export function searchOf(query: URLSearchParams): Search {
  const given = filterParameters.map((name) => [name, query.get(name)?.trim() || undefined]);
  return {
    filter: Object.fromEntries(given) as FilterParameters,
    before: query.get('before') ?? undefined,
  };
}

function parsed({ filter, before }: Search): ParsedFilter {
  const { filter: read, problems } = parseJobFilter(filter);
  if (before === undefined || isUuid(before)) return { filter: read, problems };
  return { filter: read, problems: [...problems, 'before must be the id of a job.'] };
}

/** The search form. */
export function renderSearch({ filter }: Search, links: Links): Html {
  const { text = '', owner, dataset, message, from, to } = filter;
  const field = (name: string, label: string, value = '', placeholder = ''): Html =>
    html`<label>${label} <input name="${name}" value="${value}" placeholder="${placeholder}"></label>`;
  const more = [owner, dataset, message, from, to].some((value) => value !== undefined);
  return html`<h1>Jobs</h1>
<form class="search" role="search" action="${links.jobs()}">
<label class="grow">Job or dataset <input type="search" name="text" value="${text}" placeholder="id, its first 8 digits, or part of a short code"></label>
${choice('status', 'Status', recordStatuses, filter.status)}
${choice('type', 'Type', jobTypeNames, filter.type)}
<button type="submit">Search</button>
<details class="grow"${more && html` open`}><summary>More filters</summary><div class="search">
${field('owner', 'Owner', owner)}
${field('dataset', 'Dataset (exact)', dataset)}
${field('message', 'In the message', message)}
${choice('time', 'Time', filterTimes, filter.time)}
${field('from', 'From (UTC)', from, '2026-11-25T12:00 or 2h')}
${field('to', 'To (UTC)', to, '2026-11-26')}
</div></details>
</form>`;
}

/** A page of the jobs found, newest first. */
export async function readFound(reads: Reads, search: Search, links: Links): Promise<Sections> {
  const { filter, problems } = parsed(search);
  if (problems.length > 0) return new Map([['found', problemList(problems)]]);
  const { before } = search;
  const { now } = (await reads.health()).overview;
  const found = await searchJobs(reads.db, { ...filter, before, limit: pageSize + 1 });
  const { shown, last } = pageOf(found.jobs, pageSize);
  const bulk = bulkVerbs.filter((verb) => suits(verb, filter) && shown.length > 0);
  const limit = found.searchedTo !== undefined && lookedAt(found.searchedTo, search, links);
  const pages = pager(
    before !== undefined && html`<a href="${links.jobs(search.filter)}">Newest</a>`,
    last !== undefined &&
      html`<a href="${links.jobs({ ...search.filter, before: last.id })}">Older</a>`,
    ...bulk.map(
      (verb) =>
        html`<a class="action" href="${links.bulk(verb, search.filter)}">${bulkTexts[verb]}</a>`,
    ),
  );
  const body = html`<div class="card">${jobTable(shown, now, links)}${limit}\n${pages}</div>`;
  return new Map([['found', body]]);
}

const bulkTexts = {
  cancel: 'Cancel all that are scheduled…',
  retry: 'Repeat all that failed…',
} as const;

/** Says how far back the search went, if no index covers it. */
const lookedAt = (searchedTo: string, search: Search, links: Links): Html =>
  html`<p class="quiet">Only the newest ${formatCount(mostLookedAt)} jobs were searched. <a href="${links.jobs({ ...search.filter, before: searchedTo })}">Search older ones</a></p>`;

/** Jobs as a table, with a column for datasets unless all jobs belong to one. */
export function jobTable(
  jobs: readonly JobRecord[],
  now: Date,
  links: Links,
  ofOneDataset = false,
): Html {
  if (jobs.length === 0) {
    return nothing(ofOneDataset ? 'This dataset has had no jobs.' : 'No jobs match.');
  }
  return table('Jobs', jobs, ({ id }) => id, [
    { name: 'Job', cell: ({ id }) => jobLink(links, id) },
    { name: 'Status', cell: ({ status }) => statusBadge(status) },
    ...(ofOneDataset
      ? []
      : [{ name: 'Dataset', cell: ({ dataset }: JobRecord) => datasetLink(links, dataset) }]),
    { name: 'Type', wide: true, cell: ({ type }) => type },
    { name: 'Start time', cell: ({ startTime }) => timeAndDistance(startTime, now) },
    {
      name: 'Ended',
      wide: true,
      cell: ({ endTime }) => (endTime === null ? '–' : timeAndDistance(endTime, now)),
    },
    { name: 'Attempts', wide: true, numeric: true, cell: ({ attempt }) => attempt },
  ]);
}
