import { type Html, html } from '@kasabi/http';
import type { HistoryPoint } from '@kasabi/operations';
import { formatCount } from '@kasabi/operations';
import { type Chart, renderChart, type Series } from './chart.ts';
import { brief, clock } from './format.ts';
import type { Links } from './links.ts';
import { panel } from './parts.ts';

/** The spans that can be chosen, in hours. */
export const spans = [1, 3, 12, 24] as const;

/** What bars can count. */
type Counted = 'accepted' | 'completed' | 'failed' | 'cancelled';

/** The last hours as charts. */
export function historyPanel(points: readonly HistoryPoint[], hours: number, links: Links): Html {
  const first = points[0]?.from;
  const last = points.at(-1)?.from;
  const middle = points[Math.floor(points.length / 2)]?.from;
  const axis = [first, middle]
    .map((at) => (at === undefined ? '' : `${clock(at)} UTC`))
    .concat('now');
  const stepMs = (points[1]?.from.getTime() ?? 0) - (first?.getTime() ?? 0);
  const columns = points.map(({ from }) =>
    stepMs <= 60_000
      ? `${clock(from)} UTC`
      : `${clock(from)}–${clock(new Date(from.getTime() + stepMs))} UTC`,
  );
  const shared = { columns, axis } as const;
  const bars = (title: string, tone: Counted, empty: string): Chart => {
    const values = points.map((point) => point[tone]);
    const sum = values.reduce((one, other) => one + other, 0);
    const summary = `${formatCount(sum)} in ${hours} h`;
    const series = [{ name: tone, tone, values }];
    return { title, kind: 'bars', series, write: formatCount, summary, empty, ...shared };
  };
  const lines = (title: string, p50: 'driftP50Ms' | 'runP50Ms', p99: 'driftP99Ms' | 'runP99Ms') => {
    const series: Series[] = [
      { name: 'slowest 1 %', tone: 'worst', values: points.map((point) => point[p99]) },
      { name: 'median', tone: 'typical', values: points.map((point) => point[p50]) },
    ];
    const latest = series[1]?.values.findLast((value) => value !== null) ?? null;
    const summary = latest === null ? '' : `latest median about ${brief(latest)}`;
    const empty = 'No job has ended.';
    return { title, kind: 'lines', series, write: brief, summary, empty, ...shared } as const;
  };
  const charts: Chart[] = [
    bars('Accepted', 'accepted', 'No job was accepted.'),
    bars('Completed', 'completed', 'No job completed.'),
    bars('Failed', 'failed', 'No job failed.'),
    bars('Cancelled', 'cancelled', 'No job was cancelled.'),
    lines('Start drift', 'driftP50Ms', 'driftP99Ms'),
    lines('From first start to end', 'runP50Ms', 'runP99Ms'),
  ];
  const choice = spans.map((span) =>
    span === hours
      ? html`<strong aria-current="true">${span} h</strong>`
      : html`<a href="${links.base}?hours=${span}">${span} h</a>`,
  );
  const title = `The last ${hours === 1 ? 'hour' : `${hours} hours`}`;
  const aside = html`<span class="choice" role="group" aria-label="Hours shown">${choice}</span>`;
  return panel(
    title,
    last === undefined
      ? html`<p class="nothing">Nothing has been tallied yet.</p>`
      : html`<div class="charts">${charts.map(renderChart)}</div>`,
    aside,
  );
}
