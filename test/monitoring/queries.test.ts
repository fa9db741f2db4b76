// Every rule and every query of the dashboards, on services that run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type OperatedStack, scrape, startStack, waitFor } from '@kasabi/test/support';
import { ask, submitForm, untilEnded } from '@kasabi/test/support/client';
import { alerts, readDashboards, recordings } from './support/files.ts';
import { operatorPassword } from './support/operator.ts';
import { startPrometheus, type TestPrometheus } from './support/prometheus.ts';

let stack: OperatedStack;
let prometheus: TestPrometheus;

before(async () => {
  stack = await startStack({
    operatorPassword,
    serviceEnv: {
      operations: { SAMPLE_INTERVAL_MS: '1000' },
      worker: { TALLY_INTERVAL_MS: '1000' },
    },
  });
  prometheus = await startPrometheus([
    ...[stack.api, stack.status, stack.operations],
    ...stack.workers,
  ]);
  await waitFor(async () => (await prometheus.query('up == 1')).length === 4, {
    what: 'the first scrapes',
    timeoutMs: 30_000,
  });
  for (let jobs = 0; jobs < 3; jobs += 1) {
    const { status, text } = await submitForm(stack, { jobType: 'reset' });
    assert.equal(status, 202, text);
    await untilEnded(text, stack.key);
  }
  await ask(`${stack.statusUrl}/dataset/nasa/status`, { headers: { X_KASABI_APIKEY: stack.key } });
});
after(async () => {
  await prometheus?.stop();
  await stack?.stop();
});

/** Waits until a query returns something; two scrapes make a rate. */
async function untilData(expression: string, what: string): Promise<void> {
  await waitFor(async () => (await prometheus.query(expression)).length > 0, {
    what: `data of ${what}: ${expression}`,
    timeoutMs: 60_000,
    everyMs: 250,
  });
}

test('every recording rule has data', async () => {
  for (const { record = '' } of recordings) await untilData(record, 'the rule');
});

/** These have samples only while something is wrong. The drill has the alerts on them fire. */
const onlyInSickness: ReadonlySet<string> = new Set(['kasabi_dependency_sick']);

test('every metric and every label that an alert asks for is there', async () => {
  const { families } = await scrape(stack.apiUrl);
  for (const { alert = '', expr } of alerts) {
    const selectors = expr.match(/\b(up|kasabi_\w+)\b(\{[^}]*\})?/g) ?? [];
    assert.ok(selectors.length > 0, alert);
    for (const selector of selectors) {
      const [name = ''] = selector.split('{');
      if (onlyInSickness.has(name)) assert.deepEqual(families.get(name)?.samples, [], alert);
      else await untilData(selector, alert);
    }
    await prometheus.query(expr);
  }
});

test('in health no alert is pending, and none fires', async () => {
  assert.deepEqual(await prometheus.alerts(), []);
});

test("every query of the dashboards' to Prometheus returns data", async () => {
  let queries = 0;
  for (const { panels, templating } of readDashboards().values()) {
    for (const { query } of templating.list) {
      const [, metric = ''] = /^label_values\((\w+), \w+\)$/.exec(query.query) ?? [];
      await untilData(metric, query.query);
    }
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        if (expr === undefined) continue;
        const filled = expr.replaceAll('$__rate_interval', '1m').replaceAll('$type', '.+');
        assert.ok(!filled.includes('$'), `${title}: ${filled}`);
        await untilData(filled, title);
        queries += 1;
      }
    }
  }
  assert.ok(queries > 30, `${queries} queries`);
});

test("every query of the dashboards' to Postgres returns rows, by the login that only reads", async () => {
  const statements = [...readDashboards().values()].flatMap(({ panels }) =>
    panels.flatMap(({ targets = [] }) => targets.flatMap(({ rawSql }) => rawSql ?? [])),
  );
  assert.ok(statements.length > 0);
  for (const sql of statements) {
    const filled = sql.replaceAll(
      /\$__timeFilter\((\w+)\)/g,
      "$1 BETWEEN now() - interval '1 hour' AND now()",
    );
    assert.ok(!filled.includes('$'), filled);
    await waitFor(
      async () => ((await stack.database.pool('status').query(filled)).rowCount ?? 0) > 0,
      { what: `rows of ${filled}`, timeoutMs: 20_000 },
    );
  }
});
