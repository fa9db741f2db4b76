import type { RecordStatus } from '@kasabi/domain';
import { type Html, type HtmlPart, html } from '@kasabi/http';

/** A job's status, with a colour and a sign beside the word. */
export const statusBadge = (status: RecordStatus): Html =>
  html`<span class="badge ${status}">${status}</span>`;

/** A panel with a heading. */
export const panel = (title: string, body: HtmlPart, aside?: HtmlPart): Html =>
  html`<section class="card"><div class="card-head"><h2>${title}</h2>${aside !== undefined && html`<div class="quiet">${aside}</div>`}</div>
${body}</section>`;

/** A field of a form with a few words to choose from; a word that is none of them shows as chosen, too. */
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

/** What is wrong with a filter, in place of what it would find. */
export const problemList = (problems: readonly string[]): Html =>
  html`<div class="notice bad" role="alert">${problems.map((problem) => html`<p>${problem}</p>`)}</div>`;

/** What stands where there is nothing. */
export const nothing = (text: HtmlPart): Html => html`<p class="nothing">${text}</p>`;

/** A column's heading and whether a narrow screen goes without it. */
export interface Column {
  readonly name: string;
  readonly wide?: boolean;
  readonly numeric?: boolean;
}

/** A row of a table, with a cell for each column. */
export interface Row {
  /** What it is about: when rows come and go, one that stays is known by it, and keeps the focus. */
  readonly key: string;
  readonly cells: readonly HtmlPart[];
}

/** A table. */
export function table(label: string, columns: readonly Column[], rows: readonly Row[]): Html {
  const classOf = ({ wide, numeric }: Column): string =>
    [wide && 'wide', numeric && 'numeric'].filter(Boolean).join(' ');
  const prefix = label.toLowerCase().replaceAll(' ', '-');
  return html`<table aria-label="${label}">
<thead><tr>${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ key, cells }) =>
    html`<tr id="${prefix}-${key}">${columns.map((column, index) => html`<td class="${classOf(column)}">${cells[index]}</td>`)}</tr>\n`,
)}</tbody>
</table>`;
}

/** Names and values. */
export const facts = (pairs: readonly (readonly [name: string, value: HtmlPart])[]): Html =>
  html`<dl class="facts">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
