import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { Statement } from './statement.ts';

type Callback = (error: Error | null, result?: unknown) => void;
type Query = (...args: unknown[]) => unknown;

/** Sends a statement with `query`, now or later. */
export type Send = (statement: Statement, query: () => Promise<unknown>) => Promise<unknown>;

/** Has every statement of a client rewritten, and then sent by `send`. */
export function intercept(
  client: pg.PoolClient,
  rewrite: (statement: Statement) => Statement,
  send: Send,
): void {
  const target = client as unknown as { query: Query };
  const original = target.query.bind(client);
  target.query = (...args) => {
    const statement = rewrite(parse(args));
    const result = send(statement, () => untilReady(client, original(configOf(statement))));
    const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    if (callback === undefined) return result;
    // Out of the promise, so that what the callback throws is not taken for the statement's error.
    result.then(
      (rows) => process.nextTick(callback, null, rows),
      (error: Error) => process.nextTick(callback, error),
    );
    return undefined;
  };
}

/**
 * The answer, once Postgres is done with the statement: it tells of an error before it releases the locks of
 * the transaction, and of the rows of a lone statement before it commits.
 */
async function untilReady(client: pg.PoolClient, query: unknown): Promise<unknown> {
  const { connection } = client as unknown as { readonly connection: EventEmitter };
  const ready = new Promise((resolve) => connection.once('readyForQuery', resolve));
  try {
    const result = await query;
    await ready;
    return result;
  } catch (error) {
    if (error instanceof pg.DatabaseError) await ready;
    throw error;
  }
}

function parse(args: readonly unknown[]): Statement {
  const [first, second] = args;
  const listed = Array.isArray(second) ? second : [];
  if (typeof first === 'string') return { name: '', text: first, values: listed };
  const { name = '', text, values = listed } = first as Partial<pg.QueryConfig>;
  if (text === undefined) throw new TypeError('Only statements with a text can be explored.');
  return { name, text, values };
}

/** Without parameters it is one simple message, which may hold several statements. */
const configOf = ({ name, text, values }: Statement): pg.QueryConfig => ({
  text,
  ...(name !== '' && { name }),
  ...(values.length > 0 && { values: [...values] }),
});
