import {
  entityTag,
  type Handlers,
  isAbout,
  isFresh,
  preferredType,
  readShortCode,
} from '@kasabi/http';
import { NotFound } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import {
  type Description,
  describeDataset,
  type ServiceUrls,
  toRdfJson,
  toTurtle,
} from './description.ts';
import { toHtml } from './description-html.ts';
import type { DatasetReader } from './read-dataset.ts';

/** A format of the description. Its own address ends in its extension. */
interface Form {
  readonly extension: string;
  readonly write: (description: Description) => string;
}

const turtle: Form = { extension: 'ttl', write: toTurtle };
const rdfJson: Form = { extension: 'json', write: toRdfJson };
const html: Form = { extension: 'html', write: toHtml };

/**
 * The formats by media type, in the service's order of preference. Turtle is first, so clients get it if they accept
 * anything, accept nothing that there is, or do not say what they accept: it is RDF that people can read as well, and
 * clients that cannot use it, browsers and those that parse JSON, ask for HTML or JSON. The last two are the names that
 * Turtle had before it was registered.
 */
const forms: readonly (readonly [type: string, form: Form])[] = [
  ['text/turtle', turtle],
  ['application/json', rdfJson],
  ['application/rdf+json', rdfJson],
  ['text/html', html],
  ['application/x-turtle', turtle],
  ['text/n3', turtle],
];

/** A new title or a publication is visible after this many seconds at the latest, whatever caches there are. */
const maxAgeSeconds = 60;

/**
 * The handlers that describe a dataset, with what a client needs to find its services, in the format that `Accept`
 * prefers or in the one that the address names with `.ttl`, `.json` or `.html`. They need no key, and ignore the one
 * that the platform's clients send, and all parameters.
 *
 * The dataset's own address answers with its description, not with a redirect to it (303, as some do for things that
 * are not documents): the clients of 2011 require 200.
 */
export function discoveryHandlers(
  options: ServiceUrls & { readonly datasets: DatasetReader },
): Pick<Handlers<'datasets'>, 'describeDataset' | 'describeDatasetAs'> {
  async function describe(request: Request, response: Response, name: string): Promise<void> {
    const { code, extension } = splitName(name);
    const { type, form } = choose(request, extension);
    const dataset = await options.datasets.read(code);
    isAbout(request, code);
    const newest = await options.datasets.newestExport(dataset);
    const description = describeDataset(dataset, options, newest);
    const body = form.write(description);
    // With the type, because RDF/JSON under another name is another representation at this address.
    const tag = entityTag(`${type}\n${body}`);
    response
      // Not left to Express: for it, no copy is fresh if the request has Cache-Control: no-cache, which fetch adds to
      // every request with an If-None-Match of its caller.
      .status(isFresh(request, tag) ? 304 : 200)
      .set({
        'Cache-Control': `public, max-age=${maxAgeSeconds}`,
        'Content-Location': `${description.iri}.${form.extension}`,
        'Content-Type': `${type}; charset=utf-8`,
        ETag: tag,
      })
      .vary('Accept')
      // This omits what a 304 or the answer to HEAD must not have.
      .send(body);
  }

  return {
    describeDataset: (request, response) => describe(request, response, request.params.code),
    describeDatasetAs: (request, response) =>
      describe(request, response, `${request.params.code}.${request.params.extension}`),
  };
}

/** Splits `nasa.ttl` at its first dot: a short code has none. */
function splitName(name: string): {
  readonly code: string | undefined;
  readonly extension?: string;
} {
  const dot = name.indexOf('.');
  if (dot < 0) return { code: readShortCode(name) };
  return { code: readShortCode(name.slice(0, dot)), extension: name.slice(dot + 1) };
}

/**
 * The format for a client, and the name of its media type that the client knows. A client that accepts none of the
 * formats gets Turtle, or the one that the address names, and not 406 (RFC 9110, 12.4.1): clients that ask only for
 * RDF/XML, as those of 2011 may, often read whatever the Content-Type says.
 *
 * @throws NotFound if no format has this extension.
 */
function choose(
  request: Request,
  extension: string | undefined,
): { readonly type: string; readonly form: Form } {
  const possible = forms.filter(([, form]) => (extension ?? form.extension) === form.extension);
  const [first] = possible;
  if (first === undefined) {
    throw new NotFound(
      'The description of a dataset does not exist in that format; ask for .ttl, .json or .html.',
    );
  }
  const accepted = preferredType(
    request,
    possible.map(([type]) => type),
  );
  const [type, form] = possible.find(([name]) => name === accepted) ?? first;
  return { type, form };
}
