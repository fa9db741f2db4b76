import { createOpenApiDocument, type DocumentUrls } from '@kasabi/routes';
import type { Express } from 'express';
import { renderDocs } from './docs-page.ts';
import { stylesheet } from './docs-style.ts';
import { entityTag, isFresh } from './entity-tag.ts';
import { preferredType } from './negotiation.ts';
import { addRoutes, type Handler } from './routes.ts';
import { renderStart } from './start-page.ts';

/** A new version of the service is visible after this many seconds at the latest, whatever caches there are. */
const maxAgeSeconds = 300;

/**
 * Adds the documentation of the HTTP API: `GET /openapi.json`, the same as a page at `/docs`, and a small start page at
 * `/`. All of them are created once, when the service starts.
 *
 * @param host the host that the app belongs to.
 */
export function addDocumentation(app: Express, host: 'api' | 'status', urls: DocumentUrls): void {
  const document = createOpenApiDocument(urls);
  const start = renderStart(host, urls);
  const forBrowsers = serve('text/html', start.html);
  const forOthers = serve('text/plain', start.text);
  addRoutes(app, 'pages', {
    getStart(request, response) {
      response.vary('Accept');
      const type = preferredType(request, ['text/plain', 'text/html']);
      return type === 'text/html' ? forBrowsers(request, response) : forOthers(request, response);
    },
    getOpenApi: serve('application/json', `${JSON.stringify(document)}\n`),
    getDocs: serve('text/html', renderDocs(document)),
    getDocsStyle: serve('text/css', stylesheet),
  });
}

function serve(type: string, text: string): Handler<'/'> {
  const body = Buffer.from(text);
  const tag = entityTag(text);
  const headers = {
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    'Content-Type': `${type}; charset=utf-8`,
    ETag: tag,
  };
  return (request, response) => {
    // This omits what a 304 or the answer to HEAD must not have.
    response
      .status(isFresh(request, tag) ? 304 : 200)
      .set(headers)
      .send(body);
  };
}
