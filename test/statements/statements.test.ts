// Holds the row types and the values of the sources' statements against what Postgres says of each statement
// on the newest schema. The statements are those that the tests have sent: the runner runs this file after them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createOwner } from '@kasabi/accounts';
import { createDataset, quadsTable } from '@kasabi/datasets';
import { roleName } from '@kasabi/postgres';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import pg from 'pg';
import { refused, statementsOf } from '../integration/support/grants.ts';
import { environment } from '../support/env.ts';
import { findQueryCalls, type QueryCall } from './calls.ts';
import { compare } from './compare.ts';
import { createDescriber } from './describe.ts';
import type { Place, Recorded } from './record.ts';

let database: TestDatabase;
let client: pg.Client;
const calls = findQueryCalls();
const { RECORDED_STATEMENTS, ALL_TESTS_RAN } = environment();
const recorded = readFileSync(RECORDED_STATEMENTS ?? '', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

before(async () => {
  database = await createDatabase();
  await createOwner(database.pool(), 'owner');
  await createDataset(database.pool(), { code: 'nasa', owner: 'owner' });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

after(async () => {
  await client.end();
  await database.close();
});

const callAt = (place: Place | undefined): QueryCall | undefined =>
  calls.find((it) => it.file === place?.file && it.line === place.line);

const written = ({ file, line }: Place): string => `${file}:${line}`;

/** Everything that is wrong with a statement. */
async function problemsOf(
  describe: Awaited<ReturnType<typeof createDescriber>>,
  { text, place, from }: Recorded,
): Promise<string[]> {
  const call = callAt(place);
  const row = call?.row === 'generic' ? callAt(from)?.row : call?.row;
  if (call === undefined || row === 'generic')
    return [`${written(place)}: this is no call of query()`];
  try {
    // Every dataset has a table of its own, all alike.
    const described = await describe(text.replaceAll(/\b(quads|guard)_\d+/g, '$1_1'));
    return compare(row, call.values, described).map((problem) => `${written(place)}: ${problem}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    // Postgres describes no more than one command at a time; no rows of several can be used.
    if (error.code === '42601' && row === undefined && text.includes(';')) return [];
    return [`${written(place)}: ${error.message}`];
  }
}

async function allProblems(statements: readonly Recorded[]): Promise<string[]> {
  const describe = await createDescriber(client);
  const problems = new Set<string>();
  for (const statement of statements) {
    for (const problem of await problemsOf(describe, statement)) problems.add(problem);
  }
  return [...problems].sort();
}

test('what Postgres says of each statement is what its call declares', async () => {
  assert.deepEqual(await allProblems(recorded), []);
});

/** Files whose calls no test can note, with the reason. */
const unnoted = new Map([
  ['infra/local/src/own-servers.ts', 'npm start makes its database in a process of its own'],
]);

/** Calls that none of these statements came from. */
function unseen(statements: readonly Recorded[]): QueryCall[] {
  const seen = new Set(
    statements.flatMap(({ place, from }) => [place, ...(from ? [from] : [])]).map(written),
  );
  return calls.filter((call) => !seen.has(written(call)));
}

test('every call in the sources has sent a statement', { skip: !ALL_TESTS_RAN }, () => {
  const missed = unseen(recorded);
  assert.deepEqual(missed.filter(({ file }) => !unnoted.has(file)).map(written), []);
  const needed = new Set(missed.map(({ file }) => file));
  assert.deepEqual(
    [...unnoted.keys()].filter((file) => !needed.has(file)),
    [],
  );
});

test('a call that has sent nothing is found', () => {
  const called = recorded[0] && callAt(recorded[0].place);
  assert.ok(called !== undefined);
  const others = recorded.filter((it) => callAt(it.place) !== called && callAt(it.from) !== called);
  assert.ok(!unseen(recorded).includes(called));
  assert.ok(unseen(others).includes(called));
});

/** The statements that a service's role is refused, where the connection's name tells the service. */
async function refusals(): Promise<string[]> {
  const sent = recorded
    .filter(({ application }) => application?.startsWith('kasabi-'))
    .map(({ application = '', text }) => [application, text] as const);
  const found: string[] = [];
  await client.query('BEGIN');
  for (const role of ['api', 'worker', 'status', 'operations'] as const) {
    const statements = statementsOf(sent, role, quadsTable(1));
    found.push(...(await refused(client, roleName(role), statements)));
  }
  await client.query('ROLLBACK');
  return found;
}

test('each role may run the statements of its service', async () => {
  assert.deepEqual(await refusals(), []);
});

test('a renamed column, and a declaration that is wrong, are found', async () => {
  await client.query('ALTER TABLE kasabi.dataset RENAME COLUMN code TO short_code');
  const renamed = await allProblems(recorded);
  await client.query('ALTER TABLE kasabi.dataset RENAME COLUMN short_code TO code');
  // A run of a few tests may have sent nothing that names it.
  if (renamed.length > 0) assert.match(renamed.join('\n'), /:\d+: column .*code.* does not exist/);

  const describe = await createDescriber(client);
  const described = await describe(
    'SELECT id, locked_by AS title, code AS name FROM kasabi.dataset WHERE published > $1',
  );
  const kinds = (...names: string[]): Set<string> => new Set(names);
  const row = new Map([
    ['id', kinds('string')],
    ['title', kinds('string')],
    ['code', kinds('string')],
  ]);
  assert.deepEqual(compare(row, [kinds('number')], described), [
    'the row type has code, which does not come back',
    'id is declared as string, and comes back as number',
    'title may be null, and is declared as string',
    '$1 is Date, and is given number',
  ]);
  assert.deepEqual(compare(undefined, undefined, described), [
    'id,title,name come back, and no row type says so',
  ]);
});
