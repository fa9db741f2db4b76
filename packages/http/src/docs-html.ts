import { type Html, html } from './html.ts';

/** Renders the part of Markdown that the document's descriptions use: `code`. */
export function inline(text: string): Html[] {
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`));
}

/** The same for several paragraphs, with an empty line between them. */
export const paragraphs = (text: string): Html[] =>
  text.split('\n\n').map((it) => html`<p>${inline(it)}</p>\n`);
