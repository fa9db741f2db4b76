import type { CodeSample } from './document-types.ts';
import { exampleValues } from './examples.ts';
import type { Address, Sample } from './route.ts';

/** Puts the values of the examples into a path. */
export function examplePath(path: string, extension = 'ttl'): string {
  return path
    .replace('{short-code}', exampleValues.dataset)
    .replace('{id}', exampleValues.job)
    .replace('{export}', exampleValues.export)
    .replace('{extension}', extension);
}

/** A request to try with curl, and the status of its answer. */
export function codeSample(url: string, { method, path }: Address, sample: Sample): CodeSample {
  const [label, status, request = {}] = sample;
  const { headers = {}, query, data, extension, stream } = request;
  // Without -X, curl sends a POST if there is a body and a GET if there is none.
  const isPlain = method === 'get' || data !== undefined;
  const address = `${url}${examplePath(path, extension)}${query === undefined ? '' : `?${query}`}`;
  const words = [
    'curl',
    stream ? '-iN' : '-i',
    ...(isPlain ? [] : ['-X', method.toUpperCase()]),
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(data === undefined ? [] : ['-d', data]),
    address,
  ];
  return { lang: 'Shell', label, source: words.map(quote).join(' '), 'x-status': status };
}

function quote(word: string): string {
  return /^[\w.:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
