import pg from 'pg';
import type { Control } from './control.ts';
import { afterStatement, beforeStatement, type Statement } from './statements.ts';
import type { Directory } from './whereabouts.ts';

type Callback = (error: Error | null, result?: pg.QueryResult) => void;
type Query = (this: pg.Client, ...args: unknown[]) => unknown;

interface QueryConfig {
  readonly text?: string;
  readonly name?: string;
  readonly values?: unknown[];
  readonly submit?: unknown;
}

/** Makes the service stop before and after the statements that the named points lie between. */
export function watchPostgres(control: Control, directory: Directory): void {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;

  prototype.query = function (...args) {
    const statement = parse(args);
    if (statement === undefined) return original.apply(this, args);
    const callback = args.findIndex((arg) => typeof arg === 'function');
    const done = callback === -1 ? undefined : (args[callback] as Callback);
    const rest = callback === -1 ? args : args.slice(0, callback);
    const run = async (): Promise<pg.QueryResult> => {
      await beforeStatement(this, statement, control, directory);
      const result = (await original.apply(this, rest)) as pg.QueryResult;
      await afterStatement(this, statement, result, control, directory);
      return result;
    };
    const running = run();
    if (done === undefined) return running;
    // Out of the promise, so that what the callback throws is not taken for the statement's error.
    running.then(
      (result) => process.nextTick(done, null, result),
      (error: Error) => process.nextTick(done, error),
    );
    return undefined;
  };
}

function parse(args: readonly unknown[]): Statement | undefined {
  const [first, second] = args;
  if (typeof first === 'string') {
    return { text: first, name: '', values: Array.isArray(second) ? second : [] };
  }
  const config = first as QueryConfig;
  // A stream (COPY) is its own query; the services have none.
  if (typeof config.submit === 'function' || config.text === undefined) return undefined;
  const values = config.values ?? (Array.isArray(second) ? second : []);
  return { text: config.text, name: config.name ?? '', values };
}
