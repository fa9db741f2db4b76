import type { RecordStatus } from '@kasabi/domain';
import { type Html, type HtmlPart, html } from '@kasabi/http';

/** A job's status: the word, with a colour and a sign. */
export const statusBadge = (status: RecordStatus): Html =>
  html`<span class="badge ${status}">${status}</span>`;

/** A panel with a heading. */
export const panel = (title: string, body: HtmlPart, aside?: HtmlPart): Html =>
  html`<section class="card"><div class="card-head"><h2>${title}</h2>${aside !== undefined && html`<div class="quiet">${aside}</div>`}</div>
${body}</section>`;

/** A form's choice of a few words; an unknown word that was given is shown as chosen too. */
export const choice = (
  name: string,
  label: string,
  words: readonly string[],
  chosen?: string,
): Html => {
  const strange = chosen !== undefined && !words.includes(chosen) ? [chosen] : [];
  return html`<label>${label} <select name="${name}"><option value="">any</option>${[
    ...words,
    ...strange,
  ].map(
    (word) => html`<option${word === chosen && html` selected`}>${word}</option>`,
  )}</select></label>`;
};

/** What is wrong with a filter, instead of a result. */
export const problemList = (problems: readonly string[]): Html =>
  html`<div class="notice bad" role="alert">${problems.map((problem) => html`<p>${problem}</p>`)}</div>`;

/** Shown where there is nothing else. */
export const nothing = (text: HtmlPart): Html => html`<p class="nothing">${text}</p>`;

/** A column of a table of `T`. */
export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => HtmlPart;
  /** Whether a narrow screen goes without it. */
  readonly wide?: boolean;
  readonly numeric?: boolean;
}

/**
 * A table.
 *
 * @param keyOf identifies a row, so that a row that stays keeps the focus when others come and go.
 */
export function table<T>(
  label: string,
  rows: readonly T[],
  keyOf: (row: T) => string,
  columns: readonly Column<T>[],
): Html {
  const classOf = ({ wide, numeric }: Column<T>): string =>
    [wide && 'wide', numeric && 'numeric'].filter(Boolean).join(' ');
  const prefix = label.toLowerCase().replaceAll(' ', '-');
  return html`<table aria-label="${label}">
<thead><tr>${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (row) =>
    html`<tr id="${prefix}-${keyOf(row)}">${columns.map((column) => html`<td class="${classOf(column)}">${column.cell(row)}</td>`)}</tr>\n`,
)}</tbody>
</table>`;
}

/** A page of a list, of which one row more than `size` was read; `last` is its last row if others follow. */
export function pageOf<T>(found: readonly T[], size: number): { shown: readonly T[]; last?: T } {
  const shown = found.slice(0, size);
  const last = found.length > size ? shown.at(-1) : undefined;
  return last === undefined ? { shown } : { shown, last };
}

/** Links to other pages of a list, and what else can be done with it. */
export const pager = (...links: readonly HtmlPart[]): Html =>
  html`<nav class="pager" aria-label="Pages">${links.map((link) => html`${link} `)}</nav>`;

/** Names and values. */
export const facts = (pairs: readonly (readonly [name: string, value: HtmlPart])[]): Html =>
  html`<dl class="facts">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
