import { jobTypeNames } from '@kasabi/domain';
import { jobStatuses } from '@kasabi/protocol';

/** The words in our own paths. Anything else in a path may be a key that was put there by mistake. */
const words: ReadonlySet<string> = new Set([
  ...['dataset', 'data', 'jobs', 'events', 'status', 'docs', 'openapi.json', 'favicon.ico'],
  ...['robots.txt', 'ops', 'sign-in', 'sign-out', 'session', 'live', 'coming', 'audit', 'queues'],
  ...['datasets', 'cancel', 'retry', 'unlock', 'assets', 'healthz', 'readyz', 'metrics'],
]);

/** The parameters whose values are logged, if the values have the right form. */
const harmless: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['jobType', (value) => (jobTypeNames as readonly string[]).includes(value)],
  ['status', (value) => (jobStatuses as readonly string[]).includes(value)],
  ['limit', (value) => /^\d{1,3}$/.test(value)],
  [
    'startTime',
    (value) =>
      /^\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d((:|%3A)\d\d(\.\d{1,9})?)?(Z|([+ -]|%2B)\d\d(:|%3A)\d\d)$/i.test(
        value,
      ),
  ],
]);

/** The names of other parameters that are logged, without their values. */
const names: ReadonlySet<string> = new Set(['apikey', 'cursor', 'view', 'next', 'hours', 'done']);

const mostSegments = 8;
const mostPairs = 8;

/**
 * A request target as it may be logged. A key that an operator has chosen can look like anything, and may be anywhere by
 * mistake. So only what is known is shown: our own words, values that our own parameters can have, and `known`, which
 * the request has turned out to be about. Anything else is shown as `*`.
 */
export function redactUrl(url: string, known: readonly unknown[] = []): string {
  const [path = '', ...rest] = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').split('?');
  const segments = path.split('/').map((segment) => showSegment(segment, known));
  const shown = shorten(segments, mostSegments).join('/');
  if (rest.length === 0) return shown;
  const pairs = rest.join('?').split('&').map(showPair);
  return `${shown}?${shorten(pairs, mostPairs).join('&')}`;
}

function showSegment(segment: string, known: readonly unknown[]): string {
  if (segment === '' || words.has(segment) || known.includes(segment)) return segment;
  const [name, extension, ...more] = segment.split('.');
  const isForm = more.length === 0 && ['ttl', 'json', 'html'].includes(extension ?? '');
  return isForm ? `${known.includes(name) ? name : '*'}.${extension}` : '*';
}

function showPair(pair: string): string {
  const end = pair.indexOf('=');
  const name = end < 0 ? pair : pair.slice(0, end);
  const value = end < 0 ? '' : pair.slice(end + 1);
  if (harmless.get(name)?.(value)) return pair;
  const shown = harmless.has(name) || names.has(name) ? name : '*';
  return end < 0 ? shown : `${shown}=*`;
}

function shorten(parts: readonly string[], most: number): readonly string[] {
  return parts.length > most ? [...parts.slice(0, most), '…'] : parts;
}
