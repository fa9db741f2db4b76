import { SourceMalformed } from './errors.ts';

/** Separates the columns in COPY's text format. No exported term has it. */
export const delimiter = 2;

const [lineFeed, space, quote, dot, open, close, backslash] = [10, 32, 34, 46, 60, 62, 92];
const [openParenthesis, closeParenthesis] = [40, 41];

/** Where in a line the next byte is. */
const at = {
  subject: 0,
  predicate: 1,
  object: 2,
  /** In the rest of an object that cannot have a space. */
  word: 3,
  literal: 4,
  escape: 5,
  /** In a triple term, which is an object of RDF 1.2, and in a literal in it. */
  triple: 6,
  tripleLiteral: 7,
  tripleEscape: 8,
  /** Behind the space that follows the object. */
  graphOrDot: 9,
  graph: 10,
  dot: 11,
  end: 12,
} as const;

/**
 * Turns N-Quads as an export writes them into rows of COPY's text format, in the order of `quadColumns`, with
 * `delimiter` between the columns: the terms stay as they are, byte for byte, labels of blank nodes included.
 *
 * @param onQuads called with the number of quads so far.
 * @throws SourceMalformed for a line of another form.
 */
export async function* rowsOfLines(
  lines: AsyncIterable<Uint8Array>,
  onQuads: (quads: number) => void,
): AsyncGenerator<Buffer> {
  let state: number = at.subject;
  let depth = 0;
  let before = 0;
  let beforeThat = 0;
  let quads = 0;
  for await (const chunk of lines) {
    // At most, each byte is a backslash, which COPY has doubled.
    const rows = Buffer.allocUnsafe(2 * chunk.length);
    let length = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] as number;
      if (byte === lineFeed && state !== at.end) throw new SourceMalformed(quads + 1);
      switch (state) {
        case at.subject:
        case at.predicate:
          if (byte === space) {
            rows[length++] = delimiter;
            state += 1;
            continue;
          }
          break;
        case at.object:
          state = byte === quote ? at.literal : at.word;
          break;
        case at.word:
          if (byte === openParenthesis && before === open && beforeThat === open) {
            state = at.triple;
            depth = 1;
          } else if (byte === space) {
            rows[length++] = delimiter;
            state = at.graphOrDot;
            continue;
          }
          break;
        case at.literal:
          if (byte === backslash) state = at.escape;
          else if (byte === quote) state = at.word;
          break;
        case at.escape:
          state = at.literal;
          break;
        case at.triple:
          if (byte === quote) state = at.tripleLiteral;
          else if (byte === openParenthesis && before === open && beforeThat === open) depth += 1;
          else if (byte === close && before === close && beforeThat === closeParenthesis) {
            depth -= 1;
            if (depth === 0) state = at.word;
          }
          break;
        case at.tripleLiteral:
          if (byte === backslash) state = at.tripleEscape;
          else if (byte === quote) state = at.triple;
          break;
        case at.tripleEscape:
          state = at.tripleLiteral;
          break;
        case at.graphOrDot:
          if (byte === dot) {
            state = at.end;
            continue;
          }
          state = at.graph;
          break;
        case at.graph:
          if (byte === space) {
            state = at.dot;
            continue;
          }
          break;
        case at.dot:
          if (byte !== dot) throw new SourceMalformed(quads + 1);
          state = at.end;
          continue;
        default:
          if (byte !== lineFeed) throw new SourceMalformed(quads + 1);
          quads += 1;
          state = at.subject;
      }
      beforeThat = before;
      before = byte;
      if (byte === backslash) rows[length++] = backslash;
      rows[length++] = byte;
    }
    onQuads(quads);
    yield rows.subarray(0, length);
  }
  if (state !== at.subject || before > lineFeed) throw new SourceMalformed(quads + 1);
}
