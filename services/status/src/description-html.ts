import { type Html, html, readableUrl, renderPage } from '@kasabi/http';
import type { Description } from './description.ts';

const time = (dateTime: string): Html => html`<time datetime="${dateTime}">${dateTime}</time>`;

/**
 * The description as an HTML page. It has no style sheet: semantic elements, the browser's own fonts and
 * `color-scheme` are readable on a phone, in the dark, and under any content security policy.
 */
export function toHtml(description: Description): string {
  const { iri, title, statusEndpoint: status } = description;
  // The title may be in any language.
  const head = html`<link rel="alternate" type="text/turtle" href="${iri}.ttl">
<link rel="alternate" type="application/rdf+json" href="${iri}.json">`;
  const body = html`<main>
<h1 lang="" dir="auto">${title}</h1>
<dl>
<dt>Dataset</dt>
<dd>${readableUrl(description.iri)}</dd>
<dt>Created</dt>
<dd>${time(description.created)}</dd>
<dt>Published</dt>
<dd>${description.issued === undefined ? 'not yet, it is a draft' : time(description.issued)}</dd>
<dt>Status</dt>
<dd><a href="${status}">${readableUrl(description.statusEndpoint)}</a></dd>
${
  description.dump !== undefined &&
  html`<dt>Newest export, for its owner</dt>
<dd>${readableUrl(description.dump.url)}, as of ${time(description.dump.issued)}</dd>
`
}<dt>Jobs, for its owner to POST to</dt>
<dd>${readableUrl(description.jobsEndpoint)}</dd>
</dl>
<p>For programs: <a href="${iri}.ttl">this as Turtle</a>, <a href="${iri}.json">as RDF/JSON</a>.</p>
</main>`;
  return renderPage(title, head, body);
}
