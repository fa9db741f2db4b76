import type { Kinds } from './calls.ts';
import type { Column, Described, Kind } from './describe.ts';

/** Columns that may be null in their table, and never are in what comes back. */
const neverNull = new Set([
  // A running job has a holder: a CHECK of its table.
  'lostHolder',
]);

/** Where Postgres and the types of a call disagree, in a sentence each. */
export function compare(
  row: ReadonlyMap<string, Kinds> | undefined,
  values: readonly Kinds[] | undefined,
  { columns, parameters }: Described,
): string[] {
  const names = columns.map(({ name }) => name);
  if (row === undefined && names.length > 0) return [`${names} come back, and no row type says so`];
  const missing = [...(row ?? [])]
    .filter(([name, kinds]) => !names.includes(name) && !kinds.has('undefined'))
    .map(([name]) => `the row type has ${name}, which does not come back`);
  const wrongCount =
    values !== undefined && values.length !== parameters.length
      ? [`${values.length} values are given for ${parameters.length} parameters`]
      : [];
  return [
    ...missing,
    ...columns.flatMap((column) => compareColumn(column, row?.get(column.name))),
    ...wrongCount,
    ...parameters.flatMap((kind, index) => compareValue(kind, index, values?.[index])),
  ];
}

function compareColumn({ name, kind, nullable }: Column, declared: Kinds | undefined): string[] {
  // What nobody reads does no harm.
  if (declared === undefined) return [];
  const type = [...declared].join(' | ');
  const others = [...declared].filter((it) => it !== 'null' && it !== 'undefined');
  if (kind !== 'json' && (others.length !== 1 || others[0] !== kind)) {
    return [`${name} is declared as ${type}, and comes back as ${kind}`];
  }
  return nullable && !declared.has('null') && !neverNull.has(name)
    ? [`${name} may be null, and is declared as ${type}`]
    : [];
}

function compareValue(kind: Kind, index: number, given: Kinds | undefined): string[] {
  if (given === undefined || kind === 'json') return [];
  // Postgres reads every type from text.
  const allowed = new Set<string>([kind, 'string', 'null', 'undefined']);
  const wrong = [...given].filter((it) => !allowed.has(it));
  return wrong.length === 0 ? [] : [`$${index + 1} is ${kind}, and is given ${wrong.join(' | ')}`];
}
