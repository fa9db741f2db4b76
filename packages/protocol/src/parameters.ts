import { ApiError, InvalidParameter, MalformedRequest } from './errors.ts';
import { suggest } from './suggest.ts';

/** The parameters of a request, each at most once, whichever way they came. */
export type Parameters = ReadonlyMap<string, string>;

export interface ParameterSources {
  /** The query string without its `?`. */
  readonly query: string;
  /** A form-encoded body. */
  readonly form?: string;
  /** A JSON body. */
  readonly json?: string;
}

/** What a request's parameters are, and the first thing that is wrong with them. */
export interface Gathered {
  readonly parameters: Parameters;
  readonly problem: ApiError | undefined;
}

/**
 * Gathers the parameters of a request from its query string and its body. The same parameter may come
 * twice with the same value; JSON's null is the same as leaving it out.
 *
 * What is wrong (an unknown parameter, one with two values, JSON or percent-encoding that does not
 * parse) is returned, not thrown: the key may be among the parameters, and a caller without a good one
 * is to be told nothing else.
 */
export function gatherParameters(
  sources: ParameterSources,
  allowed: ReadonlySet<string>,
): Gathered {
  const parameters = new Map<string, string>();
  let problem: ApiError | undefined;
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem ??= error;
    }
  };
  const take = (name: string, value: string): void => {
    if (!allowed.has(name)) throw unknownParameter(name, allowed);
    const present = parameters.get(name);
    if (present !== undefined && present !== value) {
      throw new InvalidParameter(
        name,
        `The parameter ${name} is given twice, with different values.`,
      );
    }
    parameters.set(name, value);
  };
  const takeAll = (pairs: () => Iterable<readonly [string, string]>): void => {
    attempt(() => {
      for (const [name, value] of pairs()) attempt(() => take(name, value));
    });
  };
  takeAll(() => parseForm(sources.query, 'query string'));
  takeAll(() => parseForm(sources.form ?? '', 'form'));
  takeAll(() => (sources.json === undefined ? [] : parseJson(sources.json, allowed)));
  return { parameters, problem };
}

function parseForm(text: string, where: string): Iterable<[string, string]> {
  // URLSearchParams puts U+FFFD where bytes make no UTF-8, and leaves a lone % as it is.
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw badEncoding(where);
  const pairs = [...new URLSearchParams(text)];
  if (pairs.some(([name, value]) => /[\uFFFD\0]/.test(name + value))) throw badEncoding(where);
  return pairs;
}

function* parseJson(text: string, allowed: ReadonlySet<string>): Iterable<[string, string]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedRequest(
      'The request body is no JSON; send an object such as {"jobType": "reset"}.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedRequest(
      'The JSON in the request body is no object; send one such as {"jobType": "reset"}.',
    );
  }
  for (const [name, member] of Object.entries(value)) {
    if (member === null && allowed.has(name)) continue;
    if (typeof member === 'string' || !allowed.has(name)) yield [name, String(member)];
    else throw new InvalidParameter(name, `The parameter ${name} must be a string in JSON.`);
  }
}

function badEncoding(where: string): MalformedRequest {
  return new MalformedRequest(`The ${where} is not percent-encoded UTF-8.`);
}

function unknownParameter(name: string, allowed: ReadonlySet<string>): InvalidParameter {
  const meant = suggest(name, allowed);
  const shown = /^[\w.-]{1,40}$/.test(name)
    ? `${name} is no parameter here`
    : 'There is an unknown parameter';
  const known = [...allowed].join(', ');
  return new InvalidParameter(
    name.slice(0, 40),
    meant === undefined ? `${shown}; possible are ${known}.` : `${shown}; did you mean ${meant}?`,
  );
}
