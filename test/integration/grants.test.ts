// Compares what the roles may do with what the services' statements need, in both directions. The statements
// are recorded from the services as they run.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { quadsTable } from '@kasabi/datasets';
import { type Role, roleName } from '@kasabi/postgres';
import { type OperatedStack, startStack } from '@kasabi/test/support';
import type pg from 'pg';
import { readDashboards } from '../monitoring/support/files.ts';
import { environment } from '../support/env.ts';
import { recording } from '../support/recording.ts';
import { driveServices, operatorPassword } from './support/drive-services.ts';
import { needless, refused, statementsOf } from './support/grants.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-statements-'));
const file = path.join(folder, 'statements');
const recorder = fileURLToPath(new URL('./support/record-statements.mjs', import.meta.url));
let stack: OperatedStack;
let recorded: (readonly [application: string, text: string])[];

before(async () => {
  const env = {
    ...recording(),
    STATEMENTS_BY_APPLICATION: file,
    NODE_OPTIONS: `--import=${pathToFileURL(recorder)} ${recording()['NODE_OPTIONS']}`,
  };
  // What the services' packages send in this process is recorded, too.
  Object.assign(environment(), { STATEMENTS_BY_APPLICATION: file });
  await import(recorder);
  const worker = {
    ...{ LOCK_TIMEOUT_MS: '100', PRUNER_INTERVAL_MS: '1000', TALLY_INTERVAL_MS: '1000' },
    ...{ RELAY_OVERDUE_MS: '10', RESCUER_INTERVAL_MS: '100', STUCK_AFTER_MS: '1000' },
    SWEEPER_INTERVAL_MS: '200',
  };
  const operations = { SAMPLE_INTERVAL_MS: '1000' };
  stack = await startStack({ operatorPassword, env, serviceEnv: { worker, operations } });
  await driveServices(stack);
  recorded = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  // Grafana logs in as the status service does, which can write nothing.
  for (const { panels } of readDashboards().values()) {
    for (const { rawSql } of panels.flatMap(({ targets = [] }) => targets)) {
      if (rawSql !== undefined) {
        recorded.push(['status', rawSql.replaceAll(/\$__timeFilter\((\w+)\)/g, '$1 > now()')]);
      }
    }
  }
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await stack.database.pool().connect();
  try {
    await client.query('BEGIN');
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const statements = (role: Role): string[] => statementsOf(recorded, role, quadsTable(1));

/**
 * What a role may do. Until the version before has gone, in which api and status did what operations does now,
 * those two may still do it; the migration that revokes it ends this exception.
 */
const allowed = (role: Role): string[] =>
  role === 'api' || role === 'status'
    ? [...statements(role), ...statements('operations')]
    : statements(role);

for (const role of ['api', 'worker', 'status', 'operations'] as const) {
  test(`the ${role} role may do all that its service's statements do`, async () => {
    const all = statements(role);
    assert.ok(all.length > 5, `only ${all.length} statements were recorded`);
    assert.deepEqual(await inTransaction((client) => refused(client, roleName(role), all)), []);
  });

  test(`the ${role} role may do nothing else: without any of its grants a statement fails`, async () => {
    assert.deepEqual(
      await inTransaction((client) => needless(client, roleName(role), allowed(role))),
      [],
    );
  });
}

test('a grant that nothing needs, and one that is missing, are found', async () => {
  const [extra, missing] = await inTransaction(async (client) => {
    await client.query(`GRANT SELECT (created) ON kasabi.owner TO kasabi_status;
      REVOKE DELETE ON kasabi.job FROM kasabi_worker`);
    return [
      await needless(client, 'kasabi_status', allowed('status')),
      await refused(client, 'kasabi_worker', statements('worker')),
    ];
  });
  assert.deepEqual(extra, ['SELECT (created) ON kasabi.owner']);
  assert.equal(missing.length, 1);
  assert.match(missing[0] ?? '', /^permission denied for table job: .*DELETE FROM kasabi\.job/s);
});
