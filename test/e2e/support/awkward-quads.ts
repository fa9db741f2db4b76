/** N-Quads with every term that is easy to get wrong: escapes, the edges of Unicode, sizes, look-alikes. */
export function awkwardNQuads(): string {
  const literals = [
    ...['', ' ', '.', '"', '\\', '\\\\', '\\n', '\n', '\r', '\t', '\b', '\f', "'", ',', ';', '\\.'],
    ...['\0', '\u0001', '\u0002', '\u001f', '\u007f', '\u0080', '\u0085', '\u00a0', '\u2028'],
    ...['\ufeff', '\ufffd', '\ufffe', '\uffff', '\ud7ff', '\ue000', '😀', '\u{10ffff}', 'e\u0301'],
    ...['a,b', '"a","b"', '\\N', 'NULL', '_:b0', '<http://a/>', '# not a comment', '{}', '\u0600'],
    'long '.repeat(2_000_000),
  ];
  const subjects = [
    '<http://a/>',
    '<urn:x>',
    '_:b0',
    '_:b0.1',
    '_:é',
    '<s:a%20b?c=d#e>',
    '<s:日本>',
  ];
  const tails = [
    '',
    '@en',
    '@de-CH-1996',
    '^^<http://www.w3.org/2001/XMLSchema#integer>',
    '^^<d:t>',
  ];
  const graphs = ['', ' <g:1>', ' _:g'];
  const lines = literals.flatMap((text, index) =>
    tails.slice(0, text.length > 1_000 ? 1 : tails.length).map((tail, nth) => {
      const subject = subjects[(index + nth) % subjects.length];
      const graph = graphs[(index + nth) % graphs.length];
      return `${subject} <p:${index}> ${escaped(text)}${tail}${graph} .`;
    }),
  );
  // The same in the default graph and in a named one, and a term in each place that it may have.
  const places = subjects.map((term) => `${term} <p:o> ${term} ${term} .\n${term} <p:o> ${term} .`);
  return `${[...lines, ...places].join('\n')}\n`;
}

/** A literal in which everything but letters and digits is an escape. */
const escaped = (text: string): string =>
  `"${text.replaceAll(/[^A-Za-z0-9 ]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  })}"`;
