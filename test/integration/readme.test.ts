// What README.md and docs/ say of the tree, the settings and the metrics is true.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import {
  isDefault,
  metricsDocument,
  registries,
  renderMetrics,
  withMetrics,
} from '../support/metrics-table.ts';
import { usersDocument, withUsers } from '../support/redis-users-table.ts';
import {
  documented,
  renderTable,
  settings,
  settingsDocument,
  withTables,
} from '../support/settings-table.ts';

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const readme = read('README.md');
const { scripts } = JSON.parse(read('package.json'));

test('the tables name every setting with its default and what it is for', () => {
  for (const [service, named] of Object.entries(documented)) {
    const table = renderTable(service);
    assert.equal(table.split('\n').length, Object.keys(named).length + 2);
    const isService = settings[service] !== undefined;
    assert.equal(
      table.includes('| `DATABASE_URL` or `DATABASE_URL_FILE` | **required** |'),
      isService,
    );
    for (const [name, setting] of Object.entries(named)) {
      assert.ok((setting.description ?? '').length > 10, `${service}: ${name} is described`);
    }
  }
  assert.ok(renderTable('api').includes('| `API_PORT` | `8080` |'));
});

test('tables are put between their markers, and only there', () => {
  const markers = Object.keys(documented).map(
    (it) => `<!-- settings:${it} -->outdated<!-- /settings:${it} -->`,
  );
  const written = withTables(`before\n${markers.join('\nbetween\n')}\nafter\n`);
  assert.ok(
    written.includes(`<!-- settings:api -->\n${renderTable('api')}\n<!-- /settings:api -->`),
  );
  assert.ok(written.startsWith('before\n') && written.endsWith('\nafter\n'));
  assert.ok(!written.includes('outdated'));
  assert.equal(withTables(written), written);
  for (const broken of [markers.slice(1), [...markers, ...markers], ['<!-- settings:api -->']]) {
    assert.throws(() => withTables(broken.join('\n')), /once each/);
  }
});

test('the users of Redis in the documents are those of the code', () => {
  const document = read(usersDocument);
  assert.ok(document.includes('user kasabi-api on >PASSWORD ~{kj}*'));
  const remedy =
    'run: npx node --conditions=kasabi-source test/support/redis-users-table.ts --write';
  assert.ok(withUsers(document) === document, `${usersDocument} is behind; ${remedy}`);
});

test('the settings tables are those of the programs', () => {
  const document = read(settingsDocument);
  // Instead of the whole document in the message.
  const remedy = 'run: npx node --conditions=kasabi-source test/support/settings-table.ts --write';
  assert.ok(withTables(document) === document, `${settingsDocument} is behind; ${remedy}`);
});

test('the table of metrics is that of the registries, and each is described', async () => {
  for (const registry of Object.values(registries)) {
    for (const { name, help } of registry.getMetricsAsArray()) {
      if (isDefault(name)) continue;
      assert.match(help, /^[A-Z].{10,}\.$/, name);
      assert.ok(renderMetrics().includes(`| \`${name}\` |`));
    }
  }
  const document = read(metricsDocument);
  const remedy = 'run: npx node --conditions=kasabi-source test/support/metrics-table.ts --write';
  assert.ok(withMetrics(document) === document, `${metricsDocument} is behind; ${remedy}`);
});

test('every script it names is there', () => {
  const named = [...readme.matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)].map(
    ([, name]) => name ?? '',
  );
  const builtIn = new Set(['ci', 'install', 'audit', 'pack', 'package', 'registry']);
  const missing = named.filter((name) => scripts[name] === undefined && !builtIn.has(name));
  assert.deepEqual(missing, []);
  assert.ok(named.includes('start') && named.includes('test'), 'the two commands are named');
});

test('every path and link it names is there', () => {
  const withoutTables = readme.replaceAll(/<!-- (settings:\w+|metrics) -->.*?<!-- \/\1 -->/gs, '');
  const links = [...withoutTables.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => (target ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
  const top = readdirSync(projectRoot).filter((name) => !['node_modules', '.git'].includes(name));
  // A path in code style begins with something of the top level, or with a folder's name and a slash.
  const paths = [...withoutTables.matchAll(/`([\w.@-]+(?:\/[\w.@-]*)*)`/g)]
    .map(([, file]) => file ?? '')
    .filter((file) => top.includes(file.split('/')[0] ?? '') || /^[a-z]+\/$/.test(file));
  const missing = [...links, ...paths].filter((file) => !existsSync(path.join(projectRoot, file)));
  assert.deepEqual(missing, []);
  assert.ok(paths.includes('services/'), 'the layout is told');
});
