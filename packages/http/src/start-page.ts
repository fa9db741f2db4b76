import type { DocumentUrls } from '@kasabi/routes';
import { html, renderPage } from './html.ts';

const purposes = {
  api: 'jobs are requested and cancelled',
  status: 'jobs and datasets are watched',
} as const;

/**
 * Renders the page at `/` of one host, with links to what else there is: for browsers, and as plain text. Its own links
 * are relative, because the host may have other addresses as well.
 */
export function renderStart(host: 'api' | 'status', urls: DocumentUrls) {
  const here = host === 'api' ? urls.apiUrl : urls.statusUrl;
  const [other, there] =
    host === 'api' ? (['status', urls.statusUrl] as const) : (['api', urls.apiUrl] as const);
  const title = `Kasabi Jobs: the ${host} host`;
  const head = html`<link rel="stylesheet" href="docs.css">`;
  const body = html`<main>
<h1>${title}</h1>
<p>Here, ${purposes[host]}.</p>
<ul>
<li><a href="docs#start">A first session</a>, and <a href="docs">the documentation</a></li>
<li><a href="openapi.json">OpenAPI 3.1</a>, for programs</li>
<li><a href="healthz">healthz</a>: whether the service is alive; <a href="readyz">readyz</a>: whether what it needs works</li>
<li><a href="${there}/">The ${other} host</a>, where ${purposes[other]}</li>
</ul>
</main>`;
  const text = `${title}, where ${purposes[host]}.

documentation    ${here}/docs
OpenAPI 3.1      ${here}/openapi.json
is it alive?     ${here}/healthz
is it ready?     ${here}/readyz
the ${`${other} host`.padEnd(13)}${there}/
`;
  return { html: renderPage(title, head, body), text };
}
