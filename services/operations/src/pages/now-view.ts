import { type Html, type HtmlPart, html } from '@kasabi/http';
import {
  countLimit,
  describeLag,
  formatCount,
  type LockedDataset,
  type Overview,
  plural,
  presenceOf,
  type WorkerPresence,
  type WorkerState,
} from '@kasabi/operations';
import { findingsPanel } from './findings-view.ts';
import { brief, inSeconds, relative, timeAndDistance } from './format.ts';
import { historyPanel } from './history-view.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { nothing, panel, statusBadge, table } from './parts.ts';
import type { Reads } from './reads.ts';
import { upcomingPanel } from './upcoming-view.ts';

/** The first page: the present state, the last hours, and upcoming jobs. */
export async function readNow(reads: Reads, links: Links, hours: number): Promise<Sections> {
  const [health, history, upcoming] = [
    await reads.health(),
    await reads.history(hours),
    await reads.upcoming(),
  ];
  const { overview } = health;
  return new Map([
    ['findings', findingsPanel(health, links)],
    ['tiles', tiles(overview, links)],
    ['history', historyPanel(history, hours, links)],
    ['workers', workersPanel(overview)],
    ['standbys', standbysPanel(overview)],
    ['locked', lockedPanel(overview, links)],
    ['upcoming', upcomingPanel(upcoming, overview.now, links)],
  ]);
}

function tiles(overview: Overview, links: Links): Html {
  const { scheduled, due, running, oldestDueMs, lockedDatasets, relay } = overview;
  const presence = presenceOf(overview.workers);
  const alive = overview.workers.filter(({ holder }) => presence.get(holder) === 'alive');
  const silent = [...presence.values()].filter((it) => it === 'silent').length;
  const places = alive.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const isPaused = overview.pauses.some(({ dataset }) => dataset === null);
  return html`<dl class="tiles">
${tile('Scheduled', counted(scheduled), `${counted(due)} of them due`, links.jobs({ status: 'scheduled' }))}
${tile('Running', formatCount(running), `of ${plural(places, 'place')}`, links.jobs({ status: 'running' }))}
${tile('Oldest due job', due === 0 ? 'none' : brief(oldestDueMs), due === 0 ? 'no job waits' : 'waits for a worker', links.upcoming)}
${tile('Locked datasets', counted(lockedDatasets.length, 100), 'read-only while a job runs', '#locked')}
${tile('Relay', relay.backlog === 0 ? 'up to date' : brief(relay.lagMs), relayNote(overview), '#workers')}
${tile('Workers', formatCount(alive.length), silent === 0 ? 'all report' : `${silent} silent`, '#workers')}
</dl>
<p class="actions">${isPaused ? html`<a class="action" href="${links.base}/resume">Resume all jobs…</a>` : html`<a class="action" href="${links.base}/pause">Pause all jobs…</a>`}</p>`;
}

const tile = (name: string, value: string, note: HtmlPart, href: string): Html =>
  html`<div class="tile"><dt><a href="${href}">${name}</a></dt><dd class="value">${value}</dd><dd class="quiet">${note}</dd></div>`;

/** A count; one that reached its limit has a plus sign. */
const counted = (value: number, limit = countLimit): string =>
  value >= limit ? `${formatCount(limit)}+` : formatCount(value);

function relayNote({ relay }: Overview): string {
  const { backlog, lastRoundAgeMs } = relay;
  if (backlog > 0) return `behind, with ${plural(backlog, 'job')}`;
  return lastRoundAgeMs === null ? 'no round known' : `last round ${inSeconds(lastRoundAgeMs)} ago`;
}

function workersPanel({ workers, now }: Overview): Html {
  if (workers.length === 0) {
    return panel('Workers', nothing('No worker has reported for a day. Jobs wait until one does.'));
  }
  const presence = presenceOf(workers);
  const body = table('Workers', workers, ({ holder }) => holder, [
    {
      name: 'Worker',
      cell: ({ holder, version }) =>
        html`<span class="id" title="${holder}, version ${version}">${holder}</span>`,
    },
    { name: 'Heartbeat', cell: (worker) => heartbeat(worker, presence.get(worker.holder)) },
    {
      name: 'Running',
      numeric: true,
      cell: ({ running, concurrency }) => `${running}/${concurrency}`,
    },
    {
      name: 'Redis',
      cell: (worker) => (presence.get(worker.holder) === 'alive' ? redisOf(worker) : '–'),
    },
    {
      name: 'Relay round',
      wide: true,
      cell: ({ sinceRelayMs, silentMs }) =>
        sinceRelayMs === null ? 'none yet' : `${inSeconds(sinceRelayMs + silentMs)} ago`,
    },
    {
      name: 'Clock',
      wide: true,
      numeric: true,
      cell: ({ clockOffsetMs }) => (clockOffsetMs === null ? '–' : clockOffset(clockOffsetMs)),
    },
    { name: 'Started', wide: true, cell: ({ started }) => relative(started, now) },
  ]);
  return panel('Workers', body);
}

function heartbeat({ silentMs }: WorkerState, presence: WorkerPresence | undefined): Html {
  const text = inSeconds(silentMs);
  if (presence === 'alive') return html`<span class="good">${text} ago</span>`;
  if (presence === 'replaced') return html`<span class="quiet">replaced, silent for ${text}</span>`;
  return html`<span class="bad">silent for ${text}</span>`;
}

const redisOf = ({ redisAnswers, redisTrouble }: WorkerState): Html =>
  redisAnswers
    ? html`<span class="good">answers</span>`
    : html`<span class="bad">${redisTrouble ?? 'does not answer'}</span>`;

const clockOffset = (ms: number): string =>
  Math.abs(ms) < 1 ? 'exact' : `${ms > 0 ? '+' : '−'}${brief(Math.abs(ms))}`;

/** Nothing where there is no standby, or where Postgres does not show them. */
function standbysPanel({ standbys }: Overview): Html {
  if (standbys.length === 0) return html``;
  const body = table('Standbys', [...standbys.entries()], ([row]) => String(row), [
    { name: 'Standby', cell: ([, { name }]) => name },
    { name: 'Address', wide: true, cell: ([, { address }]) => address ?? '–' },
    { name: 'Replay', cell: ([, standby]) => describeLag(standby) },
  ]);
  return panel('Standbys of Postgres', body);
}

function lockedPanel({ lockedDatasets, now }: Overview, links: Links): Html {
  if (lockedDatasets.length === 0) {
    return panel('Locked datasets', nothing('None: every dataset can be written.'));
  }
  const body = table('Locked datasets', lockedDatasets, ({ code }) => code, [
    { name: 'Dataset', cell: ({ code }) => datasetLink(links, code) },
    { name: 'Locked', cell: ({ lockedAt }) => timeAndDistance(lockedAt, now) },
    { name: 'By the job', cell: ({ lockedBy }) => jobLink(links, lockedBy) },
    { name: 'Job status', cell: (lock) => lockHolder(lock, links) },
  ]);
  return panel('Locked datasets', body);
}

function lockHolder({ jobStatus, code }: LockedDataset, links: Links): Html {
  const badge =
    jobStatus === null ? html`<span class="bad">no such job</span>` : statusBadge(jobStatus);
  if (jobStatus === 'running' || jobStatus === 'scheduled') return badge;
  return html`${badge} <a class="action" href="${links.dataset(code)}/unlock">Unlock…</a>`;
}
