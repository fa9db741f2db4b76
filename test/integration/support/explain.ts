import type pg from 'pg';

/** A place in a plan that reads one of the project's tables. */
export interface Scan {
  /** `Seq Scan`, `Index Scan`, … */
  readonly kind: string;
  readonly table: string;
  /** What is looked up in the index, if it is not read from one end to the other. */
  readonly condition: string | undefined;
}

/** What Postgres did with one statement of the product. */
export interface Explained {
  /** The step that sent it, and its place there: `claim 1`. */
  readonly name: string;
  readonly text: string;
  /** With the parameters that were sent. */
  readonly scans: readonly Scan[];
  /** Of a prepared statement, with any parameters: Postgres may plan it once for all. */
  readonly generic: readonly Scan[];
  /** Pages looked at, in memory or on disk. */
  readonly pages: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Index Cond'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

export interface Explainer {
  /** Stands for the product's pool, in one transaction of the given client. */
  readonly pool: pg.Pool;
  readonly explained: readonly Explained[];
  /** Runs one step of the product; its statements bear this name. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

const explainable = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i;

/**
 * Explains each statement that goes through its pool, just before it runs, with the parameters it is sent
 * with. The client must be in a transaction; transactions of the product become savepoints in it.
 */
export function createExplainer(client: pg.ClientBase): Explainer {
  const explained: Explained[] = [];
  let step = '';
  let place = 0;

  async function explain(name: string | undefined, text: string, values: unknown[]): Promise<void> {
    place += 1;
    await client.query('SAVEPOINT explaining');
    const plan = await planOf(`EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT JSON) ${text}`, values);
    await client.query('ROLLBACK TO SAVEPOINT explaining');
    const generic =
      name === undefined
        ? []
        : scansOf(await planOf(`EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${text}`));
    const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    explained.push({ name: `${step} ${place}`, text, scans: scansOf(plan), generic, pages });
  }

  async function planOf(text: string, values?: unknown[]): Promise<PlanNode> {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(text, values);
    return (rows[0] as { 'QUERY PLAN': [{ Plan: PlanNode }] })['QUERY PLAN'][0].Plan;
  }

  async function query(statement: string | pg.QueryConfig, given?: unknown[]): Promise<unknown> {
    const { name, text, values } =
      typeof statement === 'string'
        ? { name: undefined, text: statement, values: given }
        : statement;
    if (text === 'BEGIN') return await client.query('SAVEPOINT work');
    if (text === 'COMMIT') {
      return { ...(await client.query('RELEASE SAVEPOINT work')), command: 'COMMIT' };
    }
    if (text === 'ROLLBACK') return await client.query('ROLLBACK TO SAVEPOINT work');
    if (explainable.test(text)) await explain(name, text, values ?? []);
    return await client.query(text, values);
  }

  const connection = { query, release: () => undefined };
  const pool = { query, connect: async () => connection } as unknown as pg.Pool;
  return {
    pool,
    explained,
    async step(name, work) {
      step = name;
      place = 0;
      return await work();
    },
  };
}

function scansOf(node: PlanNode): Scan[] {
  const { 'Relation Name': relation, 'Node Type': kind, Schema: schema, Plans: plans = [] } = node;
  const own =
    relation !== undefined && kind.includes('Scan')
      ? [{ kind, table: `${schema}.${relation}`, condition: node['Index Cond'] }]
      : [];
  return [...own, ...plans.flatMap(scansOf)];
}
