import { type Html, html } from '@kasabi/http';
import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';

/** One line or one set of bars in a chart; null where the value is unknown. */
export interface Series {
  readonly name: string;
  /** Its colour in the style sheet. */
  readonly tone:
    | 'accepted'
    | 'completed'
    | 'failed'
    | 'cancelled'
    | 'typical'
    | 'worst'
    | 'upcoming';
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  readonly kind: 'bars' | 'lines';
  readonly series: readonly Series[];
  /** The name of each column, for its tooltip. */
  readonly columns: readonly string[];
  /** Labels below the chart, evenly spread from left to right. */
  readonly axis: readonly string[];
  /** Formats a value with its unit. */
  readonly write: (value: number) => string;
  /** Shown beside the title: the sum, or the last value. */
  readonly summary: string;
  /** Shown instead of a chart without values. */
  readonly empty: string;
}

// The drawing is stretched to the available width. Text would be stretched too, so it is HTML around the drawing.
const width = 600;
const height = 120;

/** Draws a chart that needs no script, and no style except the style sheet. */
export function renderChart(chart: Chart): Html {
  const values = chart.series.flatMap(({ values }) => values.filter((it) => it !== null));
  const top = Math.max(0, ...values);
  const isEmpty = values.length === 0 || (chart.kind === 'bars' && top === 0);
  const y = scaleLinear()
    // Half of it is written beside the chart, and there are no half jobs.
    .domain([0, Math.max(top, chart.kind === 'bars' ? 2 : 1)])
    .range([height, 0])
    .nice(2);
  const [, most = 1] = y.domain();
  const drawing = chart.kind === 'bars' ? bars(chart, y) : lines(chart, y);
  const said = isEmpty ? chart.empty : `${chart.summary}; at most ${chart.write(top)}`;
  return html`<figure class="chart">
<figcaption><span class="chart-title">${chart.title}</span> <span class="quiet">${isEmpty ? '' : chart.summary}</span>${
    chart.series.length > 1 &&
    html`<span class="legend">${chart.series.map(({ name, tone }) => html`<span class="key ${tone}">${name}</span> `)}</span>`
  }</figcaption>
<div class="plot">
<div class="scale" aria-hidden="true"><span>${isEmpty ? '' : chart.write(most)}</span><span>${isEmpty ? '' : chart.write(most / 2)}</span><span>${chart.write(0)}</span></div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${chart.title}: ${said}">
<path class="rule" d="M0 0.5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}"></path>
${isEmpty ? '' : drawing}</svg>
${isEmpty && html`<p class="nothing">${chart.empty}</p>`}
<div class="axis" aria-hidden="true">${chart.axis.map((label) => html`<span>${label}</span>`)}</div>
</div>
</figure>`;
}

type Scale = (value: number) => number;

interface Point {
  readonly x: number;
  readonly value: number | null;
}

function bars({ series, columns, write }: Chart, y: Scale): Html[] {
  const step = width / Math.max(1, columns.length);
  return series.flatMap(({ name, tone, values }) =>
    values.map((value, index) => {
      if (value === null || value === 0) return html``;
      // So that one among thousands can still be seen.
      const top = Math.min(y(value), height - 2);
      const [x, w] = [round(index * step + step * 0.1), round(step * 0.8)];
      return html`<rect class="${tone}" x="${x}" y="${round(top)}" width="${w}" height="${round(height - top)}"><title>${columns[index]}: ${write(value)} ${name}</title></rect>`;
    }),
  );
}

function lines({ series, columns, write }: Chart, y: Scale): Html[] {
  const step = width / Math.max(1, columns.length);
  // Each value is as wide as its column, so that one without neighbours is visible.
  const points = (values: Series['values']) =>
    values.flatMap((value, index) => [
      { x: round(index * step), value },
      { x: round((index + 1) * step), value },
    ]);
  const drawn = series.flatMap(({ tone, values }, position) => {
    const below = area<Point>()
      .defined(({ value }) => value !== null)
      .x(({ x }) => x)
      .y0(height)
      .y1(({ value }) => round(y(value ?? 0)));
    const path = html`<path class="line ${tone}" d="${below.lineY1()(points(values)) ?? ''}"></path>`;
    return position === 0
      ? [html`<path class="area ${tone}" d="${below(points(values)) ?? ''}"></path>`, path]
      : [path];
  });
  const targets = columns.map((column, index) => {
    const known = series.filter(({ values }) => (values[index] ?? null) !== null);
    if (known.length === 0) return html``;
    const said = known.map(({ name, values }) => `${name} ${write(values[index] ?? 0)}`).join(', ');
    return html`<rect class="target" x="${round(index * step)}" y="0" width="${round(step)}" height="${height}"><title>${column}: ${said}</title></rect>`;
  });
  return [...drawn, ...targets];
}

const round = (value: number): number => Math.round(value * 10) / 10;
