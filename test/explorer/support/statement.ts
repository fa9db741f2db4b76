import pg from 'pg';

/** One statement as a session is about to send it. */
export interface Statement {
  /** The name it is prepared under; empty without one. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The first words of a statement, or its name: what a path of steps is told with. */
export const labelOf = ({ name, text }: Statement): string =>
  name || text.trim().replaceAll(/\s+/g, ' ').split(' ').slice(0, 4).join(' ');

/** Values that differ from run to run and decide nothing: times, secrets, sizes and process numbers. */
const passing = /(_ms|^now|^due|^since|^set_config|^bytes|^at|^published|At)$/;
const virtualTransaction = /^\d+\/\d+$/;

function steady(key: string, value: unknown): unknown {
  if (passing.test(key)) return undefined;
  return typeof value === 'string' && virtualTransaction.test(value) ? 'one' : value;
}

/** What a result tells its session, the same in every run that comes to the same state. */
export function describeResult(result: pg.QueryResult | pg.QueryResult[]): string {
  const results = Array.isArray(result) ? result : [result];
  return JSON.stringify(
    results.map(({ command, rowCount, rows }) => [command, rowCount, rows]),
    steady,
  );
}

/** The SQLSTATE of a failure, or its name where it is not Postgres's. */
export const describeFailure = (error: unknown): string =>
  error instanceof pg.DatabaseError ? `${error.code}` : error instanceof Error ? error.name : '?';

/**
 * The same without the timeouts that a worker gives its clearing, which would measure how long this test stops
 * it: whoever waits does so until it is its turn, and a session that stops is not ended.
 */
export function withoutTimeouts(statement: Statement): Statement {
  if (statement.name !== 'enter-clearing') return statement;
  const values = statement.values.map((it) => (it === '5000' || it === '1000' ? '600000' : it));
  return { ...statement, values };
}
