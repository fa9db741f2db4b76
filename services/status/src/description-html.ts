import type { Description } from './description.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Writes text, whatever it holds, for an element or a quoted attribute. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** An address to read; it may break after each slash, so that it fits on a phone. */
const readable = (url: string): string => escapeHtml(url).replaceAll('/', '/<wbr>');

const time = (dateTime: string): string => `<time datetime="${dateTime}">${dateTime}</time>`;

/**
 * The description as a page for people. It has no style sheet: elements that mean something, the
 * browser's own fonts and `color-scheme` are readable on a phone and in the dark, and under any content
 * security policy.
 */
export function toHtml(description: Description): string {
  const [iri, title, status] = [description.iri, description.title, description.statusEndpoint].map(
    escapeHtml,
  );
  // The title is in whatever language its owner writes.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="alternate" type="text/turtle" href="${iri}.ttl">
<link rel="alternate" type="application/rdf+json" href="${iri}.json">
</head>
<body>
<main>
<h1 lang="" dir="auto">${title}</h1>
<dl>
<dt>Dataset</dt>
<dd>${readable(description.iri)}</dd>
<dt>Created</dt>
<dd>${time(description.created)}</dd>
<dt>Published</dt>
<dd>${description.issued === undefined ? 'not yet, it is a draft' : time(description.issued)}</dd>
<dt>Status</dt>
<dd><a href="${status}">${readable(description.statusEndpoint)}</a></dd>
<dt>Jobs, for its owner to POST to</dt>
<dd>${readable(description.jobsEndpoint)}</dd>
</dl>
<p>For programs: <a href="${iri}.ttl">this as Turtle</a>, <a href="${iri}.json">as RDF/JSON</a>.</p>
</main>
</body>
</html>
`;
}
