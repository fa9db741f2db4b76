import type { HistoryPoint } from '@kasabi/operations';
import { type Html, html } from '@kasabi/service-kit';
import { type Chart, renderChart, type Series } from './chart.ts';
import { brief, clock, count } from './format.ts';
import type { Links } from './links.ts';
import { panel } from './parts.ts';

/** The spans that can be chosen, in hours. */
export const spans = [1, 3, 12, 24] as const;

/** What a column counts. */
type Counted = 'accepted' | 'completed' | 'failed' | 'cancelled';

/** As many columns as can be told apart on a phone. */
const mostColumns = 60;

/** The last hours as charts. */
export function historyPanel(history: readonly HistoryPoint[], hours: number, links: Links): Html {
  const points = merge(history);
  const first = points[0]?.from;
  const last = points.at(-1)?.from;
  const middle = points[Math.floor(points.length / 2)]?.from;
  const axis = [first, middle].map((at) => (at === undefined ? '' : `${clock(at)}Z`)).concat('now');
  const stepMs = (points[1]?.from.getTime() ?? 0) - (first?.getTime() ?? 0);
  const columns = points.map(({ from }) =>
    stepMs <= 60_000 ? clock(from) : `${clock(from)}–${clock(new Date(from.getTime() + stepMs))}`,
  );
  const shared = { columns, axis } as const;
  const bars = (title: string, tone: Counted, empty: string): Chart => {
    const values = points.map((point) => point[tone]);
    const sum = values.reduce((one, other) => one + other, 0);
    const summary = `${count(sum)} in ${hours} h`;
    const series = [{ name: tone, tone, values }];
    return { title, kind: 'bars', series, write: count, summary, empty, ...shared };
  };
  const lines = (title: string, p50: 'driftP50Ms' | 'runP50Ms', p99: 'driftP99Ms' | 'runP99Ms') => {
    const series: Series[] = [
      { name: 'slowest 1 %', tone: 'worst', values: points.map((point) => point[p99]) },
      { name: 'median', tone: 'typical', values: points.map((point) => point[p50]) },
    ];
    const latest = series[1]?.values.findLast((value) => value !== null) ?? null;
    const summary = latest === null ? '' : `median ${brief(latest)} last`;
    const empty = 'No job has ended.';
    return { title, kind: 'lines', series, write: brief, summary, empty, ...shared } as const;
  };
  const charts: Chart[] = [
    bars('Accepted', 'accepted', 'No job was accepted.'),
    bars('Completed', 'completed', 'No job completed.'),
    bars('Failed', 'failed', 'No job failed.'),
    bars('Cancelled', 'cancelled', 'No job was cancelled.'),
    lines('Start drift', 'driftP50Ms', 'driftP99Ms'),
    lines('Run time', 'runP50Ms', 'runP99Ms'),
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
      ? html`<p class="nothing">Nothing was tallied yet.</p>`
      : html`<div class="charts">${charts.map(renderChart)}</div>`,
    aside,
  );
}

/** Fewer points, each of several: sums of counts, the worst of the worst, the mean of the medians. */
function merge(history: readonly HistoryPoint[]): HistoryPoint[] {
  const size = Math.max(1, Math.ceil(history.length / mostColumns));
  // From the end, so that the last point is whole as the others are.
  const offset = history.length % size;
  const groups: HistoryPoint[][] = [];
  for (let start = offset - (offset > 0 ? size : 0); start < history.length; start += size) {
    groups.push(history.slice(Math.max(0, start), start + size));
  }
  return groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const sum = (name: Counted): number => group.reduce((total, point) => total + point[name], 0);
    const known = (name: 'driftP50Ms' | 'driftP99Ms' | 'runP50Ms' | 'runP99Ms'): number[] =>
      group.map((point) => point[name]).filter((value) => value !== null);
    const worst = (values: readonly number[]): number | null =>
      values.length === 0 ? null : Math.max(...values);
    const mean = (values: readonly number[]): number | null =>
      values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
    return [
      {
        from: first.from,
        accepted: sum('accepted'),
        completed: sum('completed'),
        failed: sum('failed'),
        cancelled: sum('cancelled'),
        driftP50Ms: mean(known('driftP50Ms')),
        driftP99Ms: worst(known('driftP99Ms')),
        runP50Ms: mean(known('runP50Ms')),
        runP99Ms: worst(known('runP99Ms')),
      },
    ];
  });
}
