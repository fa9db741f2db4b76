import { type Html, html } from '@kasabi/http';
import {
  countDatasets,
  type DatasetFilter,
  formatCount,
  isWordOf,
  type ListedDataset,
  mostDatasetsCounted,
  mostOpenCounted,
  plural,
  searchDatasets,
  unknownWord,
} from '@kasabi/operations';
import { timeAndDistance } from './format.ts';
import { datasetLink, type Links, type Query } from './links.ts';
import type { Sections } from './live.ts';
import { choice, nothing, pageOf, pager, problemList, table } from './parts.ts';
import type { Reads } from './reads.ts';

const pageSize = 50;
const states = ['locked', 'paused'] as const;
const statuses = ['draft', 'published'] as const;

/** Reads the filter of an address, with a sentence for each bad value. */
function filterOf(query: Query): { filter: DatasetFilter; problems: string[] } {
  const problems: string[] = [];
  const word = <Word extends string>(name: string, words: readonly Word[]): Word | undefined => {
    const value = query[name];
    if (value === undefined || isWordOf(words, value)) return value;
    problems.push(unknownWord(name, value, words));
    return undefined;
  };
  const state = word('state', states);
  const { text, owner } = query;
  const filter = { text, owner, status: word('status', statuses), ...(state && { [state]: true }) };
  return { filter, problems };
}

/** The search that an address asks for. */
export const datasetQueryOf = (query: URLSearchParams): Query =>
  Object.fromEntries(
    ['text', 'owner', 'state', 'status', 'after'].map((name) => [
      name,
      query.get(name)?.trim().slice(0, 200).replaceAll('\0', '') || undefined,
    ]),
  );

/** The search form. */
export function renderDatasetSearch(query: Query, links: Links): Html {
  return html`<h1>Datasets</h1>
<form class="search" role="search" action="${links.datasets()}">
<label class="grow">Short code <input type="search" name="text" value="${query['text'] ?? ''}" placeholder="part of the code"></label>
<label>Owner <input name="owner" value="${query['owner'] ?? ''}"></label>
${choice('state', 'State', states, query['state'])}
${choice('status', 'Status', statuses, query['status'])}
<button type="submit">Search</button>
</form>`;
}

/** A page of the datasets found, by short code. */
export async function readDatasets(reads: Reads, query: Query, links: Links): Promise<Sections> {
  const { filter, problems } = filterOf(query);
  if (problems.length > 0) return new Map([['datasets', problemList(problems)]]);
  const { after, ...rest } = query;
  const { now } = (await reads.health()).overview;
  const found = await searchDatasets(reads.db, { ...filter, after, limit: pageSize + 1 });
  const total = await countDatasets(reads.db, filter);
  const { shown, last } = pageOf(found, pageSize);
  const said =
    total >= mostDatasetsCounted ? `${formatCount(total)}+ datasets` : plural(total, 'dataset');
  const pages = pager(
    after !== undefined && html`<a href="${links.datasets(rest)}">First</a>`,
    last !== undefined && html`<a href="${links.datasets({ ...rest, after: last.code })}">Next</a>`,
  );
  const body = html`<div class="card"><p class="quiet">${said}</p>${list(shown, now, links)}\n${pages}</div>`;
  return new Map([['datasets', body]]);
}

function list(datasets: readonly ListedDataset[], now: Date, links: Links): Html {
  if (datasets.length === 0) return nothing('No datasets match.');
  return table('Datasets', datasets, ({ code }) => code, [
    { name: 'Dataset', cell: ({ code }) => datasetLink(links, code) },
    {
      name: 'Owner',
      cell: ({ owner }) => html`<a href="${links.datasets({ owner })}">${owner}</a>`,
    },
    { name: 'Status', wide: true, cell: ({ status }) => status },
    { name: 'State', cell: stateOf },
    { name: 'Scheduled', numeric: true, cell: (dataset) => scheduledOf(dataset, links) },
    { name: 'Created', wide: true, cell: ({ created }) => timeAndDistance(created, now) },
  ]);
}

function scheduledOf({ code, scheduled }: ListedDataset, links: Links): Html {
  const more = scheduled >= mostOpenCounted && '+';
  return html`<a href="${links.jobs({ dataset: code, status: 'scheduled' })}">${formatCount(scheduled)}${more}</a>`;
}

const stateOf = ({ lockedAt, paused, storageMode }: ListedDataset): Html =>
  html`<span class="badge ${lockedAt === null ? 'completed' : 'locked'}">${storageMode}</span>${paused && html` <span class="badge locked">paused</span>`}`;
