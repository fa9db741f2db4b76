import { type JobTypeEntry, jobTypeNames, jobTypes } from '@kasabi/domain';
import { exampleValues, type OpenApiDocument, type Parameter } from '@kasabi/routes';
import { type Place, resolve } from './openapi-contract.ts';

/** A request to a service; its path begins with a slash. */
export interface PlannedRequest {
  readonly method: string;
  /** Absolute, or a path for the host that the operation is on. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Reads a curl command of the documentation: -i, -N, -X, -H, -d and one address. */
export function parseCurl(source: string): PlannedRequest {
  const words = [...source.matchAll(/'([^']*)'|(\S+)/g)].map((it) => it[1] ?? it[2] ?? '');
  const headers: Record<string, string> = {};
  let [method, url, body]: (string | undefined)[] = [];
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-X') method = words[++at];
    else if (word === '-d') body = words[++at];
    else if (word === '-H') {
      const [name = '', ...value] = (words[++at] ?? '').split(': ');
      headers[name] = value.join(': ');
    } else if (!word.startsWith('-i')) url = word;
  }
  if (words[0] !== 'curl' || url === undefined) throw new Error(`This is no such curl: ${source}`);
  if (body === undefined) return { method: method ?? 'GET', url, headers };
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { method: method ?? 'POST', url, headers: { ...type, ...headers }, body };
}

/** What the document shows of a parameter: its examples, and everything that an enumeration has. */
function valuesOf(parameter: Parameter): string[] {
  const examples = Object.values(parameter.examples ?? {}).map((it) => String(it.value));
  return [...new Set([...examples, ...(parameter.schema.enum ?? []).map(String)])];
}

/**
 * A request for each value of each parameter, each way to send the key, and each body that the document
 * shows for an operation.
 */
export function exampleRequests(document: OpenApiDocument, place: Place): PlannedRequest[] {
  const { path, method, operation } = place;
  const item = document.paths[path];
  const parameters = [...(item?.parameters ?? []), ...(operation.parameters ?? [])].map((it) =>
    resolve<Parameter>(document, it),
  );
  const key = { X_KASABI_APIKEY: exampleValues.key };
  const needsKey = operation.security.length > 0;
  // Of a job request, the type has to come from somewhere, and be one that has the parameter.
  const typeOf = (name: string): string =>
    jobTypeNames.find((type) => name in (jobTypes[type] as JobTypeEntry).parameters.shape) ??
    'reset';

  const plan = (
    set: { in: string; name: string; value: string },
    auth: Readonly<Record<string, string>> = needsKey ? key : {},
  ): PlannedRequest => {
    const filled = parameters
      .filter((it) => it.in === 'path')
      .reduce((at, it) => at.replace(`{${it.name}}`, pick(it, set)), path);
    const query = new URLSearchParams({
      ...(method === 'post' && { jobType: typeOf(set.name) }),
      ...(set.in === 'query' && { [set.name]: set.value }),
      ...(method === 'post' && set.value === 'restore' && { source: exampleValues.export }),
    });
    const headers = { ...auth, ...(set.in === 'header' && { [set.name]: set.value }) };
    const url = query.size === 0 ? filled : `${filled}?${query}`;
    return { method: method.toUpperCase(), url, headers };
  };

  const byParameter = parameters.flatMap((parameter) =>
    valuesOf(parameter).map((value) => plan({ in: parameter.in, name: parameter.name, value })),
  );
  const byKey = operation.security.flatMap((way) =>
    Object.keys(way).map((name) => plan(keyAs(document, name), {})),
  );
  const base = plan({ in: '', name: '', value: '' });
  const byBody = Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, media]) =>
    Object.values(media.examples ?? {}).map(({ value }): PlannedRequest => {
      const fields = value as Record<string, string>;
      const body = type.endsWith('json')
        ? JSON.stringify(fields)
        : new URLSearchParams(fields).toString();
      const auth = fields['apikey'] === undefined ? key : {};
      const url = base.url.split('?')[0] ?? '';
      return { ...base, url, headers: { ...auth, 'Content-Type': type }, body };
    }),
  );
  const all = [...byParameter, ...byKey, ...byBody];
  return all.length === 0 ? [base] : all;
}

const pick = (parameter: Parameter, set: { in: string; name: string; value: string }): string =>
  set.in === 'path' && set.name === parameter.name ? set.value : (valuesOf(parameter)[0] ?? '');

function keyAs(
  document: OpenApiDocument,
  scheme: string,
): { in: string; name: string; value: string } {
  const it = document.components.securitySchemes[scheme];
  return it?.type === 'http'
    ? { in: 'header', name: 'Authorization', value: `Bearer ${exampleValues.key}` }
    : { in: it?.in ?? '', name: it?.name ?? '', value: exampleValues.key };
}
