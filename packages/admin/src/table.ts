/** A list as a table, with the cells of each column under its heading; `none` for an empty list. */
export function formatList<T>(
  rows: readonly T[],
  none: string,
  columns: Readonly<Record<string, (row: T) => string>>,
): string {
  if (rows.length === 0) return none;
  const cells = rows.map((row) => Object.values(columns).map((cell) => cell(row)));
  return formatTable(Object.keys(columns), cells);
}

/** Formats rows as columns with headings. Control characters, which could move a terminal's cursor, become spaces. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [heading, ...rows].map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, ' ')));
  const widths = heading.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
