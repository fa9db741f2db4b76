import { type Html, html } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { formatCount, plural } from '@kasabi/operations';
import { renderChart } from './chart.ts';
import { clock, relative, time } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { nothing, panel, table } from './parts.ts';
import { mostUpcoming, type Reads } from './reads.ts';

const columnsShown = 60;
const fewShown = 8;

/** The page of upcoming jobs. */
export async function readUpcomingPage(reads: Reads, links: Links): Promise<Sections> {
  const [health, upcoming] = [await reads.health(), await reads.upcoming()];
  const { now } = health.overview;
  return new Map([
    ['timeline', panel('Timeline', timeline(upcoming, now))],
    ['list', panel('Next', list(upcoming, now, links), listed(upcoming))],
  ]);
}

/** A short version for the first page. */
export function upcomingPanel(upcoming: readonly JobRecord[], now: Date, links: Links): Html {
  const body = html`${timeline(upcoming, now)}${upcoming.length > 0 && list(upcoming.slice(0, fewShown), now, links)}`;
  const more = upcoming.length > fewShown;
  return panel(
    'Upcoming jobs',
    body,
    more && html`<a href="${links.upcoming}">All upcoming jobs</a>`,
  );
}

const listed = (upcoming: readonly JobRecord[]): string =>
  upcoming.length < mostUpcoming ? plural(upcoming.length, 'job') : `the first ${mostUpcoming}`;

/** How many jobs are due when, from now to the last of them. */
function timeline(upcoming: readonly JobRecord[], now: Date): Html {
  if (upcoming.length === 0) return nothing('No job is scheduled.');
  const last = Math.max(...upcoming.map(({ dueInMs }) => dueInMs));
  const stepMs = stepFor(last);
  const columns = Math.min(columnsShown, Math.floor(last / stepMs) + 1);
  const values = Array.from<number>({ length: columns }).fill(0);
  for (const { dueInMs } of upcoming) {
    const index = Math.min(Math.floor(dueInMs / stepMs), columns - 1);
    values[index] = (values[index] ?? 0) + 1;
  }
  const at = (index: number): Date => new Date(now.getTime() + index * stepMs);
  const label = (index: number): string =>
    stepMs * columns < 86_400_000
      ? `${clock(at(index))} UTC`
      : at(index).toISOString().slice(0, 10);
  return renderChart({
    title: 'Jobs by when they are due',
    kind: 'bars',
    series: [{ name: 'due', tone: 'upcoming', values }],
    columns: values.map((_, index) => `from ${label(index)}`),
    axis: ['now', label(Math.floor(columns / 2)), label(columns)],
    write: formatCount,
    summary: `${listed(upcoming)}, the last ${relative(at(last / stepMs), now)}`,
    empty: 'No job is scheduled.',
  });
}

/** A round width for the columns of the timeline, in milliseconds. */
function stepFor(lastMs: number): number {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 10_080];
  const wanted = lastMs / columnsShown / 60_000;
  return (minutes.find((step) => step >= wanted) ?? Math.ceil(wanted)) * 60_000;
}

function list(upcoming: readonly JobRecord[], now: Date, links: Links): Html {
  if (upcoming.length === 0) return nothing('Jobs that owners schedule are listed here.');
  return table('Upcoming jobs', upcoming, ({ id }) => id, [
    {
      name: 'Due',
      cell: ({ due, dueInMs }) =>
        html`${time(due, now)} <span class="${dueInMs === 0 ? 'warn' : 'quiet'} nowrap">${relative(due, now)}</span>`,
    },
    { name: 'Dataset', cell: ({ dataset }) => datasetLink(links, dataset) },
    { name: 'Type', wide: true, cell: ({ type }) => type },
    { name: 'Attempts', wide: true, numeric: true, cell: ({ attempt }) => attempt },
    { name: 'Job', cell: ({ id }) => jobLink(links, id) },
  ]);
}
