import { createOpenApiDocument, type DocumentUrls } from '@kasabi/routes';
import type { Express } from 'express';
import { renderDocs } from './docs-page.ts';
import { stylesheet } from './docs-style.ts';
import { entityTag, isFresh } from './entity-tag.ts';
import { addRoutes, type Handler, type RoutePath } from './routes.ts';

/** A new version of the service shows within this many seconds, whatever caches there are. */
const maxAgeSeconds = 300;

/**
 * Adds the documentation of the HTTP API: `GET /openapi.json`, and the same as a page at `/docs`. All is
 * made once, when the service starts.
 */
export function addDocumentation(app: Express, urls: DocumentUrls): void {
  const document = createOpenApiDocument(urls);
  addRoutes(app, 'pages', {
    getOpenApi: serve('application/json', `${JSON.stringify(document)}\n`),
    getDocs: serve('text/html', renderDocs(document)),
    getDocsStyle: serve('text/css', stylesheet),
  });
}

function serve(type: string, text: string): Handler<RoutePath> {
  const body = Buffer.from(text);
  const tag = entityTag(text);
  const headers = {
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    'Content-Type': `${type}; charset=utf-8`,
    ETag: tag,
  };
  return (request, response) => {
    // It leaves out what does not belong to a 304 or to the answer to HEAD.
    response
      .status(isFresh(request, tag) ? 304 : 200)
      .set(headers)
      .send(body);
  };
}
