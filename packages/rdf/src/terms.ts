import type { BaseQuad, Literal, Term } from 'n3';

/**
 * Writes a term in canonical N-Triples; the default graph is ''. Language tags are in lower case, as
 * N3.js reads them. Escapes leave no control characters in the text, not even NUL, which Postgres cannot
 * store.
 *
 * @param scope prefix of blank node labels: equal labels in two files become different ones when their
 * scopes differ.
 */
export function termToNTriples(term: Term | BaseQuad, scope: string): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value}>`;
    case 'BlankNode':
      return `_:${scope}${term.value}`;
    case 'Literal':
      return `"${escapeText(term.value)}"${suffix(term)}`;
    case 'DefaultGraph':
      return '';
    case 'Quad':
      return `<<( ${termToNTriples(term.subject, scope)} ${termToNTriples(term.predicate, scope)} ${termToNTriples(term.object, scope)} )>>`;
    case 'Variable':
      throw new TypeError(`A variable (?${term.value}) is not an RDF term.`);
  }
}

/** RDF 1.2's base direction, which the type declarations of N3.js lack so far. */
type DirectionalLiteral = Literal & { readonly direction?: string };

function suffix(literal: DirectionalLiteral): string {
  const { language } = literal;
  if (language !== '') {
    const { direction = '' } = literal;
    return direction === '' ? `@${language}` : `@${language}--${direction}`;
  }
  const datatype = literal.datatypeString;
  return datatype === 'http://www.w3.org/2001/XMLSchema#string' ? '' : `^^<${datatype}>`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
const toEscape = /["\\\u0000-\u001f\u007f\ufffe\uffff]/;
const toEscapeAll = new RegExp(toEscape, 'g');

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

function escapeText(text: string): string {
  if (!toEscape.test(text)) return text;
  return text.replace(
    toEscapeAll,
    (char) =>
      shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}
