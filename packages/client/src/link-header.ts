/** `<address>` and what follows it up to the next comma outside quotes. */
const links = /<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g;

/** `; name=value`, with or without quotes. */
const parameters = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** The target of the first link with this relation in a `Link` header (RFC 8288). */
export function findLink(header: string | null, relation: string): string | undefined {
  for (const [, target, rest = ''] of (header ?? '').matchAll(links)) {
    for (const [, name = '', quoted, plain] of rest.matchAll(parameters)) {
      if (name.toLowerCase() !== 'rel') continue;
      const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
      if (relations.includes(relation)) return target;
      // Further ones must be ignored.
      break;
    }
  }
  return undefined;
}
