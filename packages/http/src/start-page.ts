import type { DocumentUrls } from '@kasabi/routes';
import { html } from './html.ts';

/** The page at `/` of a host, which leads on: for browsers, and as plain text. */
export interface StartPage {
  readonly html: string;
  readonly text: string;
}

const purposes = {
  api: 'jobs are requested and cancelled',
  status: 'jobs and datasets are watched',
} as const;

/** Makes the page of one host. Its links are relative, for the host may be reached by other addresses as well. */
export function renderStart(host: 'api' | 'status', urls: DocumentUrls): StartPage {
  const here = host === 'api' ? urls.apiUrl : urls.statusUrl;
  const [other, there] =
    host === 'api' ? (['status', urls.statusUrl] as const) : (['api', urls.apiUrl] as const);
  const title = `Kasabi Jobs: the ${host} host`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="docs.css">
</head>
<body>
<main>
<h1>${title}</h1>
<p>Here, ${purposes[host]}.</p>
<ul>
<li><a href="docs#start">A first session</a>, and all of <a href="docs">the documentation</a></li>
<li><a href="openapi.json">OpenAPI 3.1</a>, for programs</li>
<li><a href="healthz">healthz</a>: whether the service lives; <a href="readyz">readyz</a>: whether what it needs answers</li>
<li><a href="${there}/">The ${other} host</a>, where ${purposes[other]}</li>
</ul>
</main>
</body>
</html>
`;
  const text = `${title}, where ${purposes[host]}.

documentation    ${here}/docs
OpenAPI 3.1      ${here}/openapi.json
does it live?    ${here}/healthz
is it ready?     ${here}/readyz
the ${`${other} host`.padEnd(13)}${there}/
`;
  return { html: page.text, text };
}
