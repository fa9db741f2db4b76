import { suggest } from '@kasabi/runtime';
import type { z } from 'zod';
import { type ApiError, InvalidParameter, MalformedRequest } from './errors.ts';

/** The parameters of a request, each at most once, wherever they were in it. */
export type Parameters = ReadonlyMap<string, string>;

export interface ParameterSources {
  /** The query string without its `?`. */
  readonly query: string;
  /** A form-encoded body. */
  readonly form?: string;
  /** A JSON body. */
  readonly json?: string;
}

/** The parameters of a request, which may be invalid. */
export interface Gathered {
  /** The API key among them, even if others are invalid. */
  readonly apikey: string | undefined;
  /**
   * All of them.
   *
   * @param allowed the names that the request may have.
   * @throws InvalidParameter, MalformedRequest or UnsupportedMediaType: the first problem.
   */
  all(allowed: ReadonlySet<string>): Parameters;
}

/**
 * Gathers the parameters of a request from its query string and its body. The same parameter may come
 * twice with the same value; null in JSON is the same as leaving it out.
 *
 * A problem (an unknown parameter, one with two values, JSON or percent-encoding that cannot be parsed) is thrown
 * only when all parameters are asked for: the key may be among them, and a caller without a valid key must not be
 * told anything else.
 */
export function gatherParameters(sources: ParameterSources): Gathered {
  const parameters = new Map<string, string>();
  /** Names in the order in which they came, up to the first problem that does not depend on what is allowed. */
  const names: string[] = [];
  // Only the first error is created: a body has room for thousands of problems.
  let problem: (() => ApiError) | undefined;
  const note: Note = (make) => {
    problem ??= make;
  };
  const take: Take = (name, value) => {
    if (problem === undefined) names.push(name);
    if (value === null) return;
    if (typeof value !== 'string') note(() => notAString(name));
    else if ((parameters.get(name) ?? value) !== value) note(() => givenTwice(name));
    else parameters.set(name, value);
  };
  takeForm(sources.query, 'query string', take, note);
  takeForm(sources.form ?? '', 'form', take, note);
  if (sources.json !== undefined) takeJson(sources.json, take, note);
  return {
    apikey: parameters.get('apikey'),
    all(allowed) {
      const unknown = names.find((name) => !allowed.has(name));
      if (unknown !== undefined) throw unknownParameter(unknown, allowed);
      if (problem !== undefined) throw problem();
      return parameters;
    },
  };
}

type Take = (name: string, value: unknown) => void;
type Note = (make: () => ApiError) => void;

function takeForm(text: string, where: string, take: Take, note: Note): void {
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const end = pair.indexOf('=');
    const name = decodeFormPart(end < 0 ? pair : pair.slice(0, end));
    const value = decodeFormPart(end < 0 ? '' : pair.slice(end + 1));
    if (name === undefined || value === undefined) note(() => badEncoding(where));
    else take(name, value);
  }
}

// Not URLSearchParams: it leaves a lone % as it is, and puts U+FFFD where bytes are not valid UTF-8.
function decodeFormPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

const jsonString = /"(?:[^"\\]|\\.)*"/g;

function takeJson(text: string, take: Take, note: Note): void {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    note(() => noJsonObject(value === undefined));
    return;
  }
  const members = Object.entries(value);
  for (const [name, member] of members) take(name, member);
  // JSON.parse keeps the last of two members with one name. If nothing else is wrong, all values are strings
  // or null, so every comma outside a string is between two members.
  const most = Math.max(1, members.length);
  if (commasIn(text) >= most && commasIn(text.replace(jsonString, '')) >= most) note(namedTwice);
}

const commasIn = (text: string): number => text.split(',').length - 1;

/** Undefined if it is not valid JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noJsonObject(unparsable: boolean): MalformedRequest {
  const what = unparsable
    ? 'The request body is not valid JSON'
    : 'The JSON in the request body is not an object';
  return new MalformedRequest(`${what}; send an object such as {"jobType": "reset"}.`);
}

const namedTwice = () =>
  new MalformedRequest('The JSON in the request body names a parameter twice; name each once.');

const notAString = (name: string) =>
  new InvalidParameter(name, `The parameter ${name} must be a string in JSON.`);

const givenTwice = (name: string) =>
  new InvalidParameter(
    name,
    `The parameter ${name} is given twice, with different values; send it once.`,
  );

const badEncoding = (where: string) =>
  new MalformedRequest(`The ${where} is not percent-encoded UTF-8; write a % itself as %25.`);

function unknownParameter(name: string, allowed: ReadonlySet<string>): InvalidParameter {
  const meant = suggest(name, allowed);
  const shown = /^[\w.-]{1,40}$/.test(name)
    ? `${name} is not a parameter here`
    : 'There is an unknown parameter';
  const known = [...allowed].join(', ');
  return new InvalidParameter(
    name.slice(0, 40),
    meant === undefined
      ? `${shown}; the parameters here are ${known}.`
      : `${shown}; did you mean ${meant}?`,
  );
}

/**
 * Reads parameters by the schema of a request.
 *
 * @throws InvalidParameter for the first that is invalid.
 */
export function readParts<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  parameters: Parameters,
): z.infer<z.ZodObject<Shape>> {
  const { data, error } = schema.safeParse(Object.fromEntries(parameters));
  const problem = error?.issues[0];
  if (problem !== undefined) throw new InvalidParameter(String(problem.path[0]), problem.message);
  return data as z.infer<z.ZodObject<Shape>>;
}
