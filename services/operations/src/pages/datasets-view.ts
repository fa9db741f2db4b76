import { type Html, html } from '@kasabi/http';
import {
  countDatasets,
  type DatasetFilter,
  type ListedDataset,
  mostDatasetsCounted,
  mostOpenCounted,
  searchDatasets,
  unknownWord,
} from '@kasabi/operations';
import { count, plural, timeAndDistance } from './format.ts';
import { datasetLink, type Links, type Query } from './links.ts';
import type { Sections } from './live.ts';
import { choice, nothing, problemList, table } from './parts.ts';
import type { Reads } from './reads.ts';

const pageSize = 50;
const states = ['locked', 'paused'] as const;
const statuses = ['draft', 'published'] as const;

/** Reads the filter of an address, with a sentence for each value that it cannot have. */
function filterOf(query: Query): { filter: DatasetFilter; problems: string[] } {
  const { text, owner, state, status } = query;
  const problems: string[] = [];
  const knownState = states.find((it) => it === state);
  const knownStatus = statuses.find((it) => it === status);
  if (state !== undefined && knownState === undefined) {
    problems.push(unknownWord('state', state, states));
  }
  if (status !== undefined && knownStatus === undefined) {
    problems.push(unknownWord('status', status, statuses));
  }
  const filter = {
    text,
    owner,
    status: knownStatus,
    ...(knownState !== undefined && { [knownState]: true }),
  };
  return { filter, problems };
}

/** What is looked for, as the address has it. */
export const datasetQueryOf = (query: URLSearchParams): Query =>
  Object.fromEntries(
    ['text', 'owner', 'state', 'status', 'after'].map((name) => [
      name,
      query.get(name)?.trim().slice(0, 200).replaceAll('\0', '') || undefined,
    ]),
  );

/** The form that it is written into. */
export function renderDatasetSearch(query: Query, links: Links): Html {
  return html`<h1>Datasets</h1>
<form class="search" role="search" action="${links.datasets()}">
<label class="grow">Short code <input type="search" name="text" value="${query['text'] ?? ''}" placeholder="part of it"></label>
<label>Owner <input name="owner" value="${query['owner'] ?? ''}"></label>
${choice('state', 'State', states, query['state'])}
${choice('status', 'Status', statuses, query['status'])}
<button type="submit">Search</button>
</form>`;
}

/** The datasets found, by short code, a page of them. */
export async function readDatasets(reads: Reads, query: Query, links: Links): Promise<Sections> {
  const { filter, problems } = filterOf(query);
  if (problems.length > 0) return new Map([['datasets', problemList(problems)]]);
  const { after, ...rest } = query;
  const { now } = (await reads.health()).overview;
  const found = await searchDatasets(reads.db, { ...filter, after, limit: pageSize + 1 });
  const total = await countDatasets(reads.db, filter);
  const shown = found.slice(0, pageSize);
  const next = found.length > pageSize ? shown.at(-1)?.code : undefined;
  const said =
    total >= mostDatasetsCounted ? `${count(total)}+ datasets` : plural(total, 'dataset');
  return new Map([
    [
      'datasets',
      html`<div class="card"><p class="quiet">${said}</p>${list(shown, now, links)}
<nav class="pager" aria-label="Pages">${after !== undefined && html`<a href="${links.datasets(rest)}">First</a>`} ${
        next !== undefined && html`<a href="${links.datasets({ ...rest, after: next })}">Next</a>`
      }</nav></div>`,
    ],
  ]);
}

function list(datasets: readonly ListedDataset[], now: Date, links: Links): Html {
  if (datasets.length === 0) return nothing('No dataset is found.');
  const columns = [
    { name: 'Dataset' },
    { name: 'Owner' },
    { name: 'Status', wide: true },
    { name: 'State' },
    { name: 'Scheduled', numeric: true },
    { name: 'Created', wide: true },
  ];
  const rows = datasets.map((dataset) => ({
    key: dataset.code,
    cells: [
      datasetLink(links, dataset.code),
      html`<a href="${links.datasets({ owner: dataset.owner })}">${dataset.owner}</a>`,
      dataset.status,
      stateOf(dataset),
      html`<a href="${links.jobs({ dataset: dataset.code, status: 'scheduled' })}">${
        dataset.scheduled >= mostOpenCounted
          ? `${count(mostOpenCounted)}+`
          : count(dataset.scheduled)
      }</a>`,
      timeAndDistance(dataset.created, now),
    ],
  }));
  return table('Datasets', columns, rows);
}

const stateOf = ({ lockedAt, paused, storageMode }: ListedDataset): Html =>
  html`<span class="badge ${lockedAt === null ? 'completed' : 'locked'}">${storageMode}</span>${paused && html` <span class="badge locked">paused</span>`}`;
