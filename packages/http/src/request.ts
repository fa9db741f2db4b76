import { datasetCodePattern, isUuid } from '@kasabi/domain';
import {
  type Gathered,
  gatherParameters,
  InvalidParameter,
  MalformedRequest,
  Unauthorized,
  UnsupportedMediaType,
} from '@kasabi/protocol';
import type { Request } from 'express';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The query string of a request, without its `?`. */
export function queryOf(request: Request): string {
  return request.originalUrl.split('?').slice(1).join('?');
}

declare module 'node:http' {
  interface IncomingMessage {
    /** The parameters that have been read, and the body that they were read with. */
    parametersRead?: { readonly body: unknown; readonly gathered: Gathered };
    /** The digest of the API key that has been read. */
    keyDigest?: Buffer;
  }
}

/** The only parameter of requests without parameters of their own: the API key, instead of the header. */
export const keyAlone: ReadonlySet<string> = new Set(['apikey']);

/**
 * The parameters of a request, from its query string and, if `readBody` has read one, its body. They are read only
 * once, however often this is called.
 */
export function readParameters(request: Request): Gathered {
  const body: unknown = request.body;
  const { parametersRead } = request;
  if (parametersRead !== undefined && parametersRead.body === body) return parametersRead.gathered;
  const gathered = gather(request, body);
  request.parametersRead = { body, gathered };
  return gathered;
}

function gather(request: Request, body: unknown): Gathered {
  const query = queryOf(request);
  if (!Buffer.isBuffer(body) || body.length === 0) return gatherParameters({ query });
  try {
    return gatherParameters({ query, ...decodeBody(request, body) });
  } catch (problem) {
    // The key may still be in the query string.
    const all = (): never => {
      throw problem;
    };
    return { ...gatherParameters({ query }), all };
  }
}

/** Charsets besides UTF-8 that contain ASCII. Old clients declare them for any form. */
const asciiCharset =
  /^(us-?ascii|ansi_x3\.4-1968|iso-?8859-?\d+|latin-?\d+|(windows|cp)-?12\d\d|cp-?\d{3}|koi8-[ru]|macroman)$/;

/** @throws UnsupportedMediaType, MalformedRequest */
function decodeBody(request: Request, body: Buffer): { form: string } | { json: string } {
  const contentType = (request.headers['content-type'] ?? '').toLowerCase();
  const type = contentType.split(';', 1)[0]?.trim();
  const charset = /;\s*charset\s*=\s*["']?([^"';\s]+)/.exec(contentType)?.[1] ?? 'utf-8';
  const isUtf8 = /^utf-?8$/.test(charset);
  const readable = isUtf8 || asciiCharset.test(charset);
  if (!readable || (type !== 'application/json' && type !== 'application/x-www-form-urlencoded')) {
    throw new UnsupportedMediaType(
      'Send the parameters as application/x-www-form-urlencoded or application/json, in UTF-8.',
    );
  }
  if (!isUtf8 && body.some((byte) => byte > 0x7f)) {
    throw new UnsupportedMediaType(
      'The request body has non-ASCII characters in a charset other than UTF-8; send it in UTF-8, or percent-encoded.',
    );
  }
  const text = decodeUtf8(body);
  return type === 'application/json' ? { json: text } : { form: text };
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedRequest('The request body is not UTF-8; send it in UTF-8.');
  }
}

const headerNames = ['x_kasabi_apikey', 'x-kasabi-apikey'] as const;

/**
 * All values of a header, one for each time it was sent. From `rawHeaders`, because `headersDistinct` builds an object of
 * all headers for it.
 */
function headerValues({ rawHeaders }: Request, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] as string;
    if (sent.length === name.length && sent.toLowerCase() === name) {
      values.push(rawHeaders[index + 1] as string);
    }
  }
  return values;
}

/**
 * The digest of a request's API key, which is computed only once, however often this is called.
 *
 * @param digest computes it.
 * @throws the errors of `apiKeyOf`.
 */
export function keyDigestOf(request: Request, digest: (key: string) => Buffer): Buffer {
  request.keyDigest ??= digest(apiKeyOf(request));
  return request.keyDigest;
}

/**
 * The API key of a request: from the header X_KASABI_APIKEY or the same with hyphens, from a bearer token, or from the
 * parameter `apikey`.
 *
 * @throws Unauthorized if there is none.
 * @throws InvalidParameter if there are two that differ.
 */
export function apiKeyOf(request: Request): string {
  const keys = new Set<string>();
  for (const name of headerNames) {
    for (const value of headerValues(request, name)) keys.add(value);
  }
  for (const value of headerValues(request, 'authorization')) {
    const bearer = /^Bearer +(\S+)$/i.exec(value)?.[1];
    if (bearer !== undefined) keys.add(bearer);
  }
  const { apikey } = readParameters(request);
  if (apikey !== undefined) keys.add(apikey);
  keys.delete('');
  if (keys.size > 1) {
    throw new InvalidParameter('apikey', 'The request has two different API keys; send one.');
  }
  const [key] = keys;
  if (key === undefined) throw new Unauthorized();
  return key;
}

/** The short code in a request's path; undefined if it is not a valid one. */
export function readShortCode(value: string): string | undefined {
  return datasetCodePattern.test(value) ? value : undefined;
}

/** The job id in a request's path; undefined if it is not a valid one. */
export function readJobId(value: string): string | undefined {
  return isUuid(value.toLowerCase()) ? value : undefined;
}

/**
 * The value of a header that may be sent only once.
 *
 * @throws MalformedRequest if it is sent twice.
 */
export function singleHeader(request: Request, name: string): string | undefined {
  const values = headerValues(request, name);
  if (values.length > 1)
    throw new MalformedRequest(`The header ${name} is sent twice; send it once.`);
  return values[0];
}
