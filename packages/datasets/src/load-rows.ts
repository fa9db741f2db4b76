import type { quadColumns } from './tables.ts';

/** A quad as its columns: terms without control characters. */
export type QuadRow = Readonly<Record<(typeof quadColumns)[number], string>>;

// Rows go to Postgres in messages of about this size: one message per row halves the speed.
const chunkLength = 64 * 1024;

/**
 * Writes quads as rows of COPY's text format, in the order of `quadColumns`.
 *
 * @param onRows called after each chunk with the number of rows sent so far.
 */
export async function* copyRows(
  batches: AsyncIterable<Iterable<QuadRow>>,
  onRows: (rows: number) => void,
): AsyncGenerator<Buffer> {
  let rows = 0;
  let text = '';
  for await (const quads of batches) {
    for (const quad of quads) {
      text += copyRow(quad);
      rows += 1;
      if (text.length < chunkLength) continue;
      yield Buffer.from(text);
      text = '';
      onRows(rows);
    }
  }
  if (text !== '') yield Buffer.from(text);
}

function copyRow({ subject, predicate, object, graph }: QuadRow): string {
  const row = `${subject}\t${predicate}\t${object}\t${graph}\n`;
  // Terms hold no control characters, so only the backslash needs escaping for COPY.
  return row.includes('\\') ? row.replaceAll('\\', '\\\\') : row;
}
