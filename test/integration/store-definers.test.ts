import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Dataset, quadsTable } from '@kasabi/datasets';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { attackDefiners, hijacked } from './support/attack.ts';

let fixture: Fixture;
let dataset: Dataset;
/** May insert into one dataset's table, and nothing else. */
const writer = `writer_${randomUUID().replaceAll('-', '')}`;

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset();
  await fixture.admin.query(`
    CREATE ROLE ${writer};
    GRANT USAGE ON SCHEMA store TO ${writer};
    GRANT INSERT ON ${quadsTable(dataset.id)} TO ${writer}`);
});

after(async () => {
  await fixture.admin.query(`DROP OWNED BY ${writer}; DROP ROLE ${writer}`);
  await fixture.close();
});

const roles = ['kasabi_api', 'kasabi_worker', 'kasabi_status', 'kasabi_operations', writer];

/** Names of ours that a query of the catalog finds. */
async function find(text: string): Promise<string[]> {
  const { rows } = await fixture.admin.query<{ name: string }>(text);
  return rows.map((row) => row.name);
}

test('no function that runs as its owner runs code of who calls it', async () => {
  const attacked = await attackDefiners(fixture.database.url, roles);
  const names = attacked.map((it) => it.signature);
  assert.ok(names.includes('kasabi.guard()'), names.join());
  for (const { signature, states } of attacked) {
    assert.ok(!states.has(hijacked), `${signature} ran what an attacker had planted`);
    // A restore's functions have run as well if they refuse who carries no lock.
    const isReached = states.has('ok') || states.has('25006');
    assert.ok(isReached, `nothing reached ${signature}: ${[...states].join()}`);
  }
});

test('the attack hijacks functions that leave it a way', async () => {
  const table = quadsTable(dataset.id);
  const body = `DECLARE carried constant text := current_setting('kasabi.fence', true);
    BEGIN PERFORM d.id FROM kasabi.dataset d WHERE d.id = TG_ARGV[0]::int4; RETURN NULL; END`;
  const ways: Readonly<Record<string, string>> = {
    path_empty: `LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$${body}$$`,
    path_missing: `LANGUAGE plpgsql SECURITY DEFINER AS $$${body}$$`,
    path_reversed: `LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_temp, pg_catalog AS $$${body}$$`,
  };
  for (const [name, how] of Object.entries(ways)) {
    await fixture.admin.query(`
      CREATE FUNCTION kasabi.${name}() RETURNS trigger ${how};
      ALTER FUNCTION kasabi.${name}() OWNER TO kasabi_owner;
      CREATE TRIGGER ${name} BEFORE INSERT ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION kasabi.${name}(${dataset.id})`);
    const attacked = await attackDefiners(fixture.database.url, [writer]);
    await fixture.admin.query(`DROP FUNCTION kasabi.${name}() CASCADE`);
    const { states } = attacked.find((it) => it.signature === `kasabi.${name}()`) ?? {};
    assert.ok(states?.has(hijacked), `${name}: ${[...(states ?? [])].join()}`);
  }
});

test('every function that runs as its owner looks into pg_catalog first and pg_temp last', async () => {
  const unsafe = await find(`
    SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'
      AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)`);
  assert.deepEqual(unsafe, []);
});

test('nobody may call a function of ours without a grant, nor one that is made later', async () => {
  await fixture.admin.query(`SET ROLE kasabi_owner;
    CREATE FUNCTION kasabi.later() RETURNS void LANGUAGE sql AS ''; RESET ROLE`);
  const open = await find(`
    SELECT p.oid::regprocedure AS name
    FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
    WHERE p.pronamespace IN ('kasabi'::regnamespace, 'store'::regnamespace) AND acl.grantee = 0`);
  await fixture.admin.query('DROP FUNCTION kasabi.later()');
  assert.deepEqual(open, []);
});

test('nobody but the owner of the schema makes anything in it', async () => {
  const makers = await find(`
    SELECT format('%s in %s', acl.grantee::regrole, nspname) AS name
    FROM pg_namespace n, aclexplode(nspacl) AS acl
    WHERE nspname IN ('kasabi', 'store') AND acl.privilege_type = 'CREATE'
      AND acl.grantee <> 'kasabi_owner'::regrole`);
  assert.deepEqual(makers, []);
});
