import { type Html, html } from '@kasabi/http';
import { type DatasetPage, type Pause, readDatasetPage, readPauses } from '@kasabi/operations';
import { timeAndDistance } from './format.ts';
import { jobTable } from './jobs-view.ts';
import { jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { facts, panel, statusBadge } from './parts.ts';
import type { Reads } from './reads.ts';

const jobsShown = 20;

/** A dataset's page: its lock and its jobs. */
export async function readDataset(
  reads: Reads,
  code: string,
  links: Links,
): Promise<Sections | undefined> {
  const page = await readDatasetPage(reads.db, code, { limit: jobsShown });
  if (page === undefined) return undefined;
  const pause = (await readPauses(reads.db)).find(({ dataset }) => dataset === code);
  const { now } = (await reads.health()).overview;
  const all = html`<a href="${links.jobs({ dataset: code })}">All of its jobs</a>`;
  return new Map([
    ['dataset', about(page, pause, now, links)],
    ['jobs', panel('Jobs', jobTable(page.jobs, now, links, true), all)],
  ]);
}

function about(page: DatasetPage, pause: Pause | undefined, now: Date, links: Links): Html {
  const { dataset, lockAbandoned } = page;
  const { code, title, owner, status, created, published, storageMode, fence } = dataset;
  const isLocked = dataset.lockedBy !== null;
  return html`<section class="card${lockAbandoned && ' failed'}">
<div class="card-head"><span class="badge ${isLocked ? 'locked' : 'completed'}">${storageMode}</span><div>${
    lockAbandoned && html`<a class="action" href="${links.dataset(code)}/unlock">Unlock…</a> `
  }${
    pause === undefined
      ? html`<a class="action" href="${links.dataset(code)}/pause">Pause its jobs…</a>`
      : html`<a class="action" href="${links.dataset(code)}/resume">Resume its jobs…</a>`
  }</div></div>
${facts([
  ['Title', title],
  ['Owner', owner],
  ['Published', published === null ? `not yet (${status})` : timeAndDistance(published, now)],
  ['Created', timeAndDistance(created, now)],
  ['Lock', lock(page, now, links)],
  ...(pause === undefined ? [] : [['Jobs', paused(pause, now)] as const]),
  ['Fence', fence],
])}
</section>`;
}

const paused = ({ since, by, reason }: Pause, now: Date): Html =>
  html`<strong class="bad">paused</strong> since ${timeAndDistance(since, now)}, by ${by}${reason !== null && html`: ${reason}`}`;

function lock({ dataset, lockStatus, lockAbandoned }: DatasetPage, now: Date, links: Links): Html {
  const { lockedBy, lockedAt } = dataset;
  if (lockedBy === null || lockedAt === null) return html`none: the dataset can be written`;
  return html`since ${timeAndDistance(lockedAt, now)}, by ${jobLink(links, lockedBy)}, which is ${
    lockStatus === null ? 'not in Postgres' : statusBadge(lockStatus)
  }${lockAbandoned && html`<br><strong class="bad">No running job holds this lock.</strong>`}`;
}
