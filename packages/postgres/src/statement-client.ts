import pg from 'pg';

type Answered = (error: Error | null | undefined, result?: pg.QueryResult) => void;
type Statement = string | pg.QueryConfig;

export interface StatementConfig extends pg.ClientConfig {
  /** A statement that is not answered within this many milliseconds fails, and its connection is closed. */
  readonly answerTimeoutMs?: number;
}

class WithCallbacks extends pg.Client {
  readonly #answerTimeoutMs: number | undefined;

  constructor(config: StatementConfig) {
    super(config);
    this.#answerTimeoutMs = config.answerTimeoutMs;
  }

  // pg's many forms: a text or a configuration, with or without values and a callback, or a stream.
  override query(...given: readonly unknown[]): never {
    const [statement, values, callback] = given as [Statement, unknown, Answered?];
    if (isStream(statement)) return super.query(...(given as [never])) as never;
    if (typeof values === 'function') {
      return this.#ask(statement, undefined, values as Answered) as never;
    }
    if (callback !== undefined) {
      return this.#ask(statement, values as unknown[], callback) as never;
    }
    return this.#answerTo(statement, values as unknown[]) as never;
  }

  async #answerTo(statement: Statement, values: unknown[] | undefined): Promise<pg.QueryResult> {
    try {
      return await new Promise((resolve, reject) => {
        this.#ask(statement, values, (error, result) =>
          error ? reject(error) : resolve(result as pg.QueryResult),
        );
      });
    } catch (error) {
      // Its stack leads to the socket, not to whoever asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  #ask(statement: Statement, values: unknown[] | undefined, answered: Answered): void {
    if (this.#answerTimeoutMs === undefined) {
      super.query(statement as string, values as unknown[], answered as never);
      return;
    }
    let isOver = false;
    const end: Answered = (error, result) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      answered(error, result);
    };
    const timer = setTimeout(() => {
      end(new Error('Query read timeout'));
      // Nothing else is answered on this connection either.
      this.connection.stream.destroy();
    }, this.#answerTimeoutMs);
    super.query(statement as string, values as unknown[], end as never);
  }
}

/** Whether pg is given something that reads the answer by itself, such as a COPY. */
const isStream = (statement: Statement): boolean =>
  typeof (statement as { submit?: unknown } | undefined)?.submit === 'function';

/**
 * A client that passes a callback with each statement, and that limits how long an answer may take.
 *
 * Without a callback, and with its own `query_timeout`, pg writes `query.callback = () => …`. V8 takes a function that is
 * assigned to a property for a method that stays, and creates it among the old objects. There it keeps its statement,
 * and all that waited for it, until the next full collection: each young one copied statements that had long been answered.
 */
export const StatementClient = WithCallbacks as new (config: StatementConfig) => pg.Client;
