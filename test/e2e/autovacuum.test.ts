// A reset soon after a load meets the autovacuum that the load brought about.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { quadsTable } from '@kasabi/datasets';
import { createPool } from '@kasabi/postgres';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';

let stack: PrivateStack;
let admin: pg.Pool;

before(async () => {
  stack = await startPrivateStack();
  const url = stack.databaseUrl;
  admin = createPool({ url, applicationName: 'test', onIdleError: () => undefined });
});
after(async () => {
  await admin?.end();
  await stack?.stop();
});

test('an autovacuum that holds the table gives way, and the reset is a TRUNCATE', async () => {
  const { rows } = await admin.query<{ id: number }>('SELECT id FROM kasabi.dataset');
  const table = quadsTable(rows[0]?.id ?? Number.NaN);
  // It comes within a second, and takes a tenth of one for each page.
  await admin.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
  await admin.query('SELECT pg_reload_conf()');
  await admin.query(`
    INSERT INTO ${table} SELECT n::text, 'p', 'o' FROM generate_series(1, 40000) n;
    DELETE FROM ${table} WHERE object = 'o' AND subject < '5';
    ALTER TABLE ${table} SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`);
  const vacuums = async (): Promise<number> => {
    const found = await admin.query(
      'SELECT FROM pg_stat_progress_vacuum WHERE relid = $1::regclass',
      [table],
    );
    return found.rowCount ?? 0;
  };
  await waitFor(async () => (await vacuums()) === 1, { what: 'an autovacuum', timeoutMs: 20_000 });

  const accepted = await ask(`${stack.api.url}/dataset/nasa/jobs?jobType=reset`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
  });
  const ended = await untilEnded(accepted.text, stack.key);

  assert.equal(ended['status'], 'completed');
  // DELETE would have left the file as long as it was.
  const left = await admin.query('SELECT pg_relation_size($1::regclass)::int AS bytes', [table]);
  assert.deepEqual(left.rows, [{ bytes: 0 }]);
});
