import { datasetCodePattern, isUuid } from '@kasabi/domain';
import {
  type ApiError,
  type Gathered,
  gatherParameters,
  InvalidParameter,
  MalformedRequest,
  NotFound,
  type Parameters,
  Unauthorized,
  UnsupportedMediaType,
} from '@kasabi/protocol';
import type { Request } from 'express';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The query string of a request, without its `?`. */
export function queryOf(request: Request): string {
  return request.originalUrl.split('?').slice(1).join('?');
}

/**
 * The parameters of a request, from its query string and, when `readBody` has read one, its body;
 * and what is wrong with them.
 */
export function readParameters(request: Request, allowed: ReadonlySet<string>): Gathered {
  const query = queryOf(request);
  const body: unknown = request.body;
  if (!Buffer.isBuffer(body) || body.length === 0) return gatherParameters({ query }, allowed);
  const { text, problem } = decodeBody(request, body);
  const gathered = gatherParameters({ query, ...text }, allowed);
  return { parameters: gathered.parameters, problem: problem ?? gathered.problem };
}

/** Charsets, beside UTF-8, in which ASCII is ASCII: what old clients say of a form without meaning it. */
const asciiCharset =
  /^(us-?ascii|ansi_x3\.4-1968|iso-?8859-?\d+|latin-?\d+|(windows|cp)-?12\d\d|cp-?\d{3}|koi8-[ru]|macroman)$/;

function decodeBody(
  request: Request,
  body: Buffer,
): { readonly text?: { form: string } | { json: string }; readonly problem?: ApiError } {
  const contentType = (request.headers['content-type'] ?? '').toLowerCase();
  const type = contentType.split(';', 1)[0]?.trim();
  const charset = /;\s*charset\s*=\s*["']?([^"';\s]+)/.exec(contentType)?.[1] ?? 'utf-8';
  const isUtf8 = /^utf-?8$/.test(charset);
  const readable = isUtf8 || asciiCharset.test(charset);
  if (!readable || (type !== 'application/json' && type !== 'application/x-www-form-urlencoded')) {
    const problem = new UnsupportedMediaType(
      'Send the parameters as application/x-www-form-urlencoded or application/json, in UTF-8.',
    );
    return { problem };
  }
  if (!isUtf8 && body.some((byte) => byte > 0x7f)) {
    const problem = new UnsupportedMediaType(
      'The request body has characters beyond ASCII in another charset than UTF-8; send it in UTF-8, or percent-encoded.',
    );
    return { problem };
  }
  try {
    const decoded = utf8.decode(body);
    return { text: type === 'application/json' ? { json: decoded } : { form: decoded } };
  } catch {
    return { problem: new MalformedRequest('The request body is not UTF-8; send it in UTF-8.') };
  }
}

const headerNames = ['x_kasabi_apikey', 'x-kasabi-apikey'] as const;

/**
 * The API key a request carries: in the header X_KASABI_APIKEY or the same with hyphens, as a bearer
 * token, or as the parameter `apikey`.
 *
 * @throws Unauthorized when it carries none.
 * @throws InvalidParameter when it carries two that differ.
 */
export function apiKeyOf(request: Request, parameters: Parameters): string {
  const keys = new Set<string>();
  for (const name of headerNames) {
    for (const value of request.headersDistinct[name] ?? []) keys.add(value);
  }
  for (const value of request.headersDistinct['authorization'] ?? []) {
    const bearer = /^Bearer +(\S+)$/i.exec(value)?.[1];
    if (bearer !== undefined) keys.add(bearer);
  }
  const parameter = parameters.get('apikey');
  if (parameter !== undefined) keys.add(parameter);
  keys.delete('');
  if (keys.size > 1) {
    throw new InvalidParameter('apikey', 'The request carries two API keys that differ; send one.');
  }
  const [key] = keys;
  if (key === undefined) throw new Unauthorized();
  return key;
}

/**
 * The short code in a request's path, or '' when it cannot be one. No dataset has that one, so it is
 * answered as an unknown dataset is, and nothing hostile reaches Postgres.
 */
export function shortCodeOf(value: string): string {
  return datasetCodePattern.test(value) ? value : '';
}

/**
 * The job id in a request's path, or the nil UUID when it cannot be one. No record has that one, so that
 * the key is checked all the same.
 */
export function jobIdOf(value: string): string {
  return isUuid(value.toLowerCase()) ? value : '00000000-0000-0000-0000-000000000000';
}

/**
 * The value of a header that may come once.
 *
 * @throws MalformedRequest when it comes twice.
 */
export function singleHeader(request: Request, name: string): string | undefined {
  const values = request.headersDistinct[name] ?? [];
  if (values.length > 1)
    throw new MalformedRequest(`The header ${name} is sent twice; send it once.`);
  return values[0];
}

/** 404 for a dataset that is not there; `code` is what `shortCodeOf` returned. */
export function noSuchDataset(code: string): NotFound {
  return new NotFound(
    code === ''
      ? 'There is no such dataset: a short code has 1 to 63 lower-case letters, digits and hyphens.'
      : `There is no dataset ${code}.`,
  );
}
