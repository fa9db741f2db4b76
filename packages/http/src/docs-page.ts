import {
  methods,
  type OpenApiDocument,
  type Operation,
  type Parameter,
  type PathItem,
  type Reference,
  type ResponseObject,
} from '@kasabi/routes';
import { inline, paragraphs } from './docs-html.ts';
import { renderDocuments, renderErrors, typeOf } from './docs-schemas.ts';
import { renderSession } from './docs-session.ts';
import { type Html, html, renderPage } from './html.ts';

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly item: PathItem;
  readonly operation: Operation;
}

/** Renders an OpenAPI document as a page that needs no script, and is readable without its style sheet. */
export function renderDocs(document: OpenApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, item, operation }];
    }),
  );
  const { info, components } = document;
  const sections = document.tags.map(({ name, description }) => {
    const ofTag = entries.filter(({ operation }) => operation.tags.includes(name));
    const operations = ofTag.map((entry) => renderOperation(document, entry));
    return html`<h2 id="${name}">${name}</h2>\n${paragraphs(description)}${operations}`;
  });
  const head = html`<link rel="stylesheet" href="docs.css">
<link rel="alternate" type="application/json" href="openapi.json">`;
  const body = html`<header>
<h1>${info.title}</h1>
<p>${info.summary}</p>
<p><a href="#start">A first session</a>, <a href="#operations">operations</a>, <a href="#keys">API keys</a>, <a href="#documents">documents</a>, <a href="#errors">errors</a>. For programs: <a href="openapi.json">the same in OpenAPI 3.1</a>.</p>
</header>
<main>
${renderSession(document)}
<h2 id="operations">Operations</h2>
<nav aria-label="Operations">
<ul>
${entries.map(renderLink)}</ul>
</nav>
${sections}
<h2>Hosts</h2>
<dl>
${document.servers.map(({ url, description }) => html`<dt><code>${url}</code></dt><dd>${description}</dd>\n`)}</dl>
${paragraphs(info.description)}<h2 id="keys">API keys</h2>
<dl>
${Object.entries(components.securitySchemes).map(([name, scheme]) => html`<dt><code>${name}</code></dt><dd>${scheme.description}</dd>\n`)}</dl>
${renderDocuments(components.schemas)}
${renderErrors(document['x-errors'])}
</main>`;
  return renderPage(`${info.title}: the HTTP API`, head, body);
}

const renderLink = ({ method, path, operation }: Entry): Html =>
  html`<li><a href="#${operation.operationId}"><code>${method.toUpperCase()} ${path}</code></a> <span class="quiet">${operation.summary}</span></li>\n`;

function renderOperation(document: OpenApiDocument, entry: Entry): Html {
  const { method, path, item, operation } = entry;
  const { parameters, responses } = document.components;
  const taken = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((it) =>
    resolve<Parameter>(it, parameters),
  );
  const answers = Object.entries(operation.responses).map(([status, it]) =>
    renderResponse(status, resolve<ResponseObject>(it, responses)),
  );
  const [first, ...others] = operation['x-codeSamples'].map(
    (it) =>
      html`<p>${it.label}: <code>${it['x-status']}</code></p>\n<pre><code>${it.source}</code></pre>\n`,
  );
  return html`<section id="${operation.operationId}">
<h3>${operation.summary}</h3>
<pre><code>${method.toUpperCase()} ${path}</code></pre>
<p class="quiet">${item.servers.map(({ url }) => url).join(', ')}. ${operation.security.length === 0 ? 'Needs no key.' : html`Needs <a href="#keys">the owner's key</a>.`}</p>
${paragraphs(operation.description)}${first}${folded('More to try', others)}${foldedList('Parameters', taken.map(renderParameter))}${renderBody(operation)}${foldedList(`Answers: ${Object.keys(operation.responses).join(', ')}`, answers)}</section>
`;
}

/** A section that is closed at first; nothing if it would be empty. */
const folded = (title: string, parts: readonly Html[]): Html | false =>
  parts.length > 0 && html`<details><summary>${title}</summary>\n${parts}</details>\n`;

const foldedList = (title: string, entries: readonly Html[]): Html | false =>
  entries.length > 0 && folded(title, [html`<dl>\n${entries}</dl>\n`]);

function renderParameter({ name, in: where, description, required, schema }: Parameter): Html {
  const place = `${where}${required ? ', required' : ''}, ${typeOf(schema)}`;
  return html`<dt><code>${name}</code> <span class="quiet">${place}</span></dt>\n<dd>${inline(description)}</dd>\n`;
}

function renderBody({ requestBody }: Operation): Html | false {
  if (requestBody === undefined) return false;
  const types = Object.entries(requestBody.content).map(
    ([type, { schema }]) => html`<li><code>${type}</code>: ${typeOf(schema)}</li>\n`,
  );
  return folded('Body', [html`<p>${requestBody.description}</p>\n<ul>\n${types}</ul>\n`]);
}

function renderResponse(status: string, response: ResponseObject): Html {
  const headers = Object.entries(response.headers ?? {}).map(
    ([name, { required }]) => html`<code>${name}</code>${required ? '' : ' (optional)'} `,
  );
  const contents = Object.entries(response.content ?? {});
  const bodies = contents.map(
    ([type, { schema }]) => html`<code>${type}</code>: ${typeOf(schema)} `,
  );
  // Not for errors, which are all alike: a sentence, or the document Problem.
  const shown = Number(status) < 400 ? contents : [];
  const examples = shown.flatMap(([type, { examples = {} }]) =>
    Object.values(examples).map(
      (it) => html`<pre><code>${type}\n\n${show(it.value)}</code></pre>\n`,
    ),
  );
  return html`<dt><code>${status}</code></dt>
<dd>${paragraphs(response.description)}${headers.length > 0 && html`<p class="quiet">Headers: ${headers}</p>\n`}${
    bodies.length > 0 && html`<p class="quiet">Body: ${bodies}</p>\n`
  }${examples.length > 0 && html`<details><summary>Examples</summary>\n${examples}</details>\n`}</dd>
`;
}

const show = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);

function resolve<Target>(
  it: Target | Reference,
  components: Readonly<Record<string, Target>>,
): Target {
  const name = (it as Reference).$ref?.split('/').at(-1);
  return name === undefined ? (it as Target) : (components[name] as Target);
}
