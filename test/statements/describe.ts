import pg from 'pg';

/** What a value of a type of Postgres is in JavaScript, as our pools read it; `json` may be anything. */
export type Kind =
  | 'string'
  | 'number'
  | 'boolean'
  | 'Date'
  | 'Buffer'
  | 'array'
  | 'object'
  | 'json';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** True for a column of a table that may be null there; whether an expression may be is not known. */
  readonly nullable: boolean;
}

/** What Postgres makes of a statement, without running it. */
export interface Described {
  readonly parameters: readonly Kind[];
  readonly columns: readonly Column[];
}

const { builtins } = pg.types;
/** The type `void`: a function was called for what it does. */
const nothing = 2278;
const kinds = new Map<number, Kind>([
  [builtins.BOOL, 'boolean'],
  [builtins.BYTEA, 'Buffer'],
  [builtins.INT2, 'number'],
  [builtins.INT4, 'number'],
  [builtins.INT8, 'number'],
  [builtins.OID, 'number'],
  [builtins.FLOAT4, 'number'],
  [builtins.FLOAT8, 'number'],
  [builtins.DATE, 'Date'],
  [builtins.TIMESTAMP, 'Date'],
  [builtins.TIMESTAMPTZ, 'Date'],
  [builtins.INTERVAL, 'object'],
  [builtins.JSON, 'json'],
  [builtins.JSONB, 'json'],
]);

interface ParameterDescription {
  readonly dataTypeIDs: readonly number[];
}

interface RawColumn {
  readonly name: string;
  readonly dataTypeID: number;
  readonly tableID: number;
  readonly columnID: number;
}

/** Parses and describes a statement on the wire, which is all that an unnamed prepared statement needs. */
class Describe {
  parameters: readonly number[] = [];
  columns: readonly RawColumn[] = [];
  private settle: (error?: Error) => void = () => undefined;
  private readonly text: string;
  readonly done: Promise<void>;

  constructor(text: string) {
    this.text = text;
    this.done = new Promise((resolve, reject) => {
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  submit(connection: pg.Connection): void {
    const note = ({ dataTypeIDs }: ParameterDescription): void => {
      this.parameters = dataTypeIDs;
    };
    connection.on('parameterDescription', note);
    const stop = (): unknown => connection.off('parameterDescription', note);
    void this.done.then(stop, stop);
    connection.parse({ name: '', text: this.text, types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription({ fields }: { readonly fields: readonly RawColumn[] }): void {
    this.columns = fields;
  }

  handleError(error: Error): void {
    this.settle(error);
  }

  handleReadyForQuery(): void {
    this.settle();
  }
}

/** Makes what describes statements on this connection. */
export async function createDescriber(
  client: pg.ClientBase,
): Promise<(text: string) => Promise<Described>> {
  const { rows: attributes } = await client.query<{ id: string }>(
    `SELECT a.attrelid || '.' || a.attnum AS id
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attnotnull AND NOT a.attisdropped`,
  );
  const nullable = new Set(attributes.map(({ id }) => id));
  const { rows: arrays } = await client.query<{ oid: number }>(
    "SELECT oid FROM pg_type WHERE typcategory = 'A'",
  );
  for (const { oid } of arrays) kinds.set(oid, 'array');
  const kindOf = (oid: number): Kind => kinds.get(oid) ?? 'string';

  return async (text) => {
    const query = new Describe(text);
    client.query(query as unknown as pg.Submittable);
    await query.done;
    return {
      parameters: query.parameters.map(kindOf),
      columns: query.columns
        .filter(({ dataTypeID }) => dataTypeID !== nothing)
        .map(({ name, dataTypeID, tableID, columnID }) => ({
          name,
          kind: kindOf(dataTypeID),
          nullable: nullable.has(`${tableID}.${columnID}`),
        })),
    };
  };
}
