// Every statement on the hot paths at a million records: what Postgres does with it, not how long it takes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, digestKey, issueKey } from '@kasabi/accounts';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { fillRecords, registerDatasets } from '../support/fill-records.ts';
import { createExplainer, type Explained } from './support/explain.ts';
import { walkHotPath } from './support/hot-path.ts';

const datasets = 1_000;
/** What grows with every request. */
const growing = ['kasabi.job', 'kasabi.idempotency'];
const tables = [...growing, 'kasabi.api_key', 'kasabi.dataset'];

/** A tree over a million entries is two levels higher than one over a thousand. */
const levels = 2;

// The same work for relay, rescuer and pruner at any size: records that wait to be enqueued, that are
// overdue, whose worker was lost, that are old, and forgotten Idempotency-Keys.
const work = `
  INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, end_time, attempt,
                          lease_holder, lease_expires, enqueued_at, requested_by)
  SELECT n, 'reset', status, asked, asked, asked, CASE WHEN attempt > 0 THEN asked END, ended, attempt,
         CASE status WHEN 'running' THEN 'lost' END, CASE status WHEN 'running' THEN asked END,
         CASE WHEN enqueued THEN asked - interval '1 second' END, 1
  FROM generate_series(11, 15) AS n, (VALUES
    ('scheduled', now() - interval '2 seconds', NULL::timestamptz, 0, false),
    ('scheduled', now() - interval '1 minute', NULL, 0, true),
    ('running', now() - interval '1 minute', NULL, 1, true),
    ('completed', now() - interval '100 days', now() - interval '99 days', 1, true)
  ) AS kinds (status, asked, ended, attempt, enqueued)`;

const forgotten = `
  INSERT INTO kasabi.idempotency (api_key_id, key, fingerprint, job_id, created)
  SELECT 1, 'old ' || n, sha256(''), uuidv7(), now() - interval '2 days' FROM generate_series(1, 5) AS n`;

/** Registers an owner with so many datasets; returns the owner's key. */
async function register(pool: pg.Pool, count: number): Promise<string> {
  await createOwner(pool, 'owner');
  // No worker runs that could.
  await pool.query("UPDATE kasabi.beat SET at = 'infinity'");
  const { secret } = await issueKey(pool, 'owner');
  await registerDatasets(pool, count);
  return secret;
}

/** The statements of the hot paths, after those that `prepare` them, in a transaction that is rolled back. */
async function explain(
  pool: pg.Pool,
  secret: string,
  prepare: readonly string[],
): Promise<readonly Explained[]> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    for (const statement of prepare) await client.query(statement);
    const explainer = createExplainer(client);
    await walkHotPath(explainer, { keyDigest: digestKey(secret), datasetCode: 'dataset-500' });
    await client.query('ROLLBACK');
    return explainer.explained;
  } finally {
    client.release();
  }
}

/** The plans of a database in which nothing was ever counted, as they are made on its first day. */
async function explainUncounted(database: TestDatabase): Promise<readonly Explained[]> {
  const pool = database.pool();
  return await explain(pool, await register(pool, 600), [work]);
}

async function explainAt(database: TestDatabase, records: number): Promise<readonly Explained[]> {
  const pool = database.pool();
  const secret = await register(pool, datasets);
  // As many keys as datasets: a table of one page is rightly read from end to end.
  await pool.query(
    `INSERT INTO kasabi.api_key (owner_id, digest)
     SELECT 1, sha256(n::text::bytea) FROM generate_series(1, $1::int) AS n`,
    [datasets],
  );
  await fillRecords(pool, { records, datasets });
  await pool.query(
    `INSERT INTO kasabi.idempotency (api_key_id, key, fingerprint, job_id, created)
     SELECT n % $2 + 1, n::text, sha256(''), uuidv7(), now() - interval '20 hours' * random()
     FROM generate_series(1, $1::int) AS n`,
    [records / 20, datasets],
  );
  await pool.query('VACUUM ANALYZE kasabi.idempotency');
  // A small table is cheaper read from end to end; what is compared is what its indexes cost.
  const byIndex = records < 1_000_000 ? ['SET LOCAL enable_seqscan = off'] : [];
  return await explain(pool, secret, [work, forgotten, ...byIndex]);
}

describe('the plans of the hot paths', () => {
  const databases: TestDatabase[] = [];
  let [small, large]: (readonly Explained[])[] = [];

  before(async () => {
    databases.push(await createDatabase(), await createDatabase());
    [small, large] = await Promise.all([
      explainAt(databases[0] as TestDatabase, 1_000),
      explainAt(databases[1] as TestDatabase, 1_000_000),
    ]);
  });
  after(async () => {
    await Promise.all(databases.map((database) => database.close()));
  });

  it('use indexes and a constant number of pages at a million records', () => {
    const read = (large ?? []).filter(({ scans }) => scans.some((it) => tables.includes(it.table)));
    assert.ok(read.length >= 20, `only ${read.length} statements read a table`);
    const names = (all: readonly Explained[] = []): string[] => all.map(({ name }) => name);
    assert.deepEqual(names(large), names(small));

    const wrong = new Map<string, string[]>();
    for (const [index, explained] of (large ?? []).entries()) {
      const before = small?.[index]?.pages ?? 0;
      const findings = [
        ...endToEnd(explained).map((table) => `reads all of ${table}`),
        ...(explained.pages > before * 1.5 + levels * 6
          ? [`looks at ${explained.pages} pages, and at ${before} with a thousand records`]
          : []),
      ];
      if (findings.length > 0) wrong.set(explained.name, findings);
    }
    assert.deepEqual([...wrong], []);
  });
});

describe('the prepared plans of a database in which nothing was ever counted', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createDatabase();
  });
  after(() => database.close());

  // They are kept while the table grows, until the statistics are made anew: a minute or more.
  it('look each record up by its key or its dataset, however many there are', async () => {
    const explained = await explainUncounted(database);
    const scans = explained.flatMap(({ name, generic }) =>
      generic.filter((it) => it.table === 'kasabi.job').map((it) => ({ name, ...it })),
    );
    assert.ok(scans.length >= 20, `only ${scans.length} look at jobs`);
    // The age of the oldest due job is the first entry of an index.
    const wrong = scans.filter(
      ({ name, condition }) =>
        name !== 'oldest due 1' && !/\b(dataset_)?id = /.test(condition ?? ''),
    );
    assert.deepEqual(
      wrong.map(({ name, kind, condition }) => `${name}: ${kind} ${condition}`),
      [],
    );
  });
});

/**
 * Tables that a statement reads from end to end. With any parameters, only those that grow count: a thousand
 * keys or datasets are 20 pages, and to read those may well be best for a statement of many requests.
 */
function endToEnd({ scans, generic }: Explained): string[] {
  return [
    ...scans.filter(({ table }) => tables.includes(table)),
    ...generic.filter(({ table }) => growing.includes(table)),
  ]
    .filter(({ kind }) => kind === 'Seq Scan')
    .map(({ table }) => table);
}
