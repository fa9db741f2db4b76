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

/** A form of the description, which has an address of its own that ends in its extension. */
interface Form {
  readonly extension: string;
  readonly write: (description: Description) => string;
}

const turtle: Form = { extension: 'ttl', write: toTurtle };
const rdfJson: Form = { extension: 'json', write: toRdfJson };
const html: Form = { extension: 'html', write: toHtml };

/**
 * The forms by media type, in the service's own order of preference. Turtle comes first, and so is what a
 * client gets that accepts anything, accepts nothing we have, or says nothing: it is RDF that people can
 * read as well, and those that cannot do with it, browsers and clients that parse JSON, do ask for HTML or
 * JSON. The last two are what Turtle was called before it was registered.
 */
const forms: readonly (readonly [type: string, form: Form])[] = [
  ['text/turtle', turtle],
  ['application/json', rdfJson],
  ['application/rdf+json', rdfJson],
  ['text/html', html],
  ['application/x-turtle', turtle],
  ['text/n3', turtle],
];

/** A new title or a publication shows within this many seconds, whatever caches there are. */
const maxAgeSeconds = 60;

export interface DiscoveryOptions extends ServiceUrls {
  readonly datasets: DatasetReader;
}

/**
 * What describes a dataset, in the form that `Accept` prefers or in the one that the address names with
 * `.ttl`, `.json` or `.html`: what a client has to know of a dataset to find its services. It needs no key,
 * and takes no notice of the one that the platform's clients send, nor of any parameter.
 *
 * The dataset's own address answers with its description, not with a redirection to it (303, as some
 * have it for things that are no documents): the clients of 2011 insist on 200.
 */
export function discoveryHandlers(
  options: DiscoveryOptions,
): Pick<Handlers<'datasets'>, 'describeDataset' | 'describeDatasetAs'> {
  async function describe(request: Request, response: Response, name: string): Promise<void> {
    const { code, extension } = splitName(name);
    const { type, form } = choose(request, extension);
    const dataset = await options.datasets.read(code);
    isAbout(request, code);
    const description = describeDataset(dataset, options);
    const body = form.write(description);
    // With the type, for RDF/JSON by another name is another representation at this address.
    const tag = entityTag(`${type}\n${body}`);
    response
      // Not left to Express, to which no copy is fresh when the request says Cache-Control: no-cache,
      // and fetch adds that to every request with an If-None-Match of the caller's own.
      .status(isFresh(request, tag) ? 304 : 200)
      .set({
        'Cache-Control': `public, max-age=${maxAgeSeconds}`,
        'Content-Location': `${description.iri}.${form.extension}`,
        'Content-Type': `${type}; charset=utf-8`,
        ETag: tag,
      })
      .vary('Accept')
      // It leaves out what does not belong to a 304 or to the answer to HEAD.
      .send(body);
  }

  return {
    describeDataset: (request, response) => describe(request, response, request.params.code),
    describeDatasetAs: (request, response) =>
      describe(request, response, `${request.params.code}.${request.params.extension}`),
  };
}

/** Splits `nasa.ttl`: a short code has no dots, so that what follows one is an extension. */
function splitName(name: string): {
  readonly code: string | undefined;
  readonly extension?: string;
} {
  const dot = name.indexOf('.');
  if (dot < 0) return { code: readShortCode(name) };
  return { code: readShortCode(name.slice(0, dot)), extension: name.slice(dot + 1) };
}

/**
 * The form a client gets, and the name of its media type that the client knows. One that accepts none
 * gets Turtle, or the form it named, all the same (RFC 9110, 12.4.1) and not 406: a client that asks for
 * RDF/XML alone, as those of 2011 may, often reads what the Content-Type says.
 *
 * @throws NotFound when there is no form with this extension.
 */
function choose(
  request: Request,
  extension: string | undefined,
): { readonly type: string; readonly form: Form } {
  const possible = forms.filter(([, form]) => (extension ?? form.extension) === form.extension);
  const [first] = possible;
  if (first === undefined) {
    throw new NotFound(
      'The description of a dataset does not come in that form; ask for .ttl, .json or .html.',
    );
  }
  const accepted = preferredType(
    request,
    possible.map(([type]) => type),
  );
  const [type, form] = possible.find(([name]) => name === accepted) ?? first;
  return { type, form };
}
