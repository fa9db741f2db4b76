// What the README says of the tree and the settings is true.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { isDefault, registries, renderMetrics, withMetrics } from '../support/metrics-table.ts';
import { renderTable, settings, withTables } from '../support/settings-table.ts';

const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));

test('the tables name every setting with its default and what it is for', () => {
  for (const [service, named] of Object.entries(settings)) {
    const table = renderTable(service);
    assert.equal(table.split('\n').length, Object.keys(named).length + 2);
    assert.ok(table.includes('| `DATABASE_URL` | **required** |'));
    for (const [name, setting] of Object.entries(named)) {
      assert.ok((setting.description ?? '').length > 10, `${service}: ${name} is described`);
    }
  }
  assert.ok(renderTable('api').includes('| `API_PORT` | `8080` |'));
});

test('tables are put between their markers, and only there', () => {
  const markers = Object.keys(settings).map(
    (it) => `<!-- settings:${it} -->old<!-- /settings:${it} -->`,
  );
  const written = withTables(`before\n${markers.join('\nbetween\n')}\nafter\n`);
  assert.ok(
    written.includes(`<!-- settings:api -->\n${renderTable('api')}\n<!-- /settings:api -->`),
  );
  assert.ok(written.startsWith('before\n') && written.endsWith('\nafter\n'));
  assert.ok(!written.includes('old'));
  assert.equal(withTables(written), written);
  for (const broken of [markers.slice(1), [...markers, ...markers], ['<!-- settings:api -->']]) {
    assert.throws(() => withTables(broken.join('\n')), /once each/);
  }
});

test('the settings tables are those of the services', () => {
  // Instead of the whole README in the message.
  const remedy =
    'run: node --import tsx --conditions=kasabi-source test/support/settings-table.ts --write';
  assert.ok(withTables(readme) === readme, `The README's settings are behind; ${remedy}`);
});

test('the table of metrics is that of the registries, and each is described', async () => {
  for (const registry of Object.values(registries)) {
    for (const { name, help } of registry.getMetricsAsArray()) {
      if (isDefault(name)) continue;
      assert.match(help, /^[A-Z].{10,}\.$/, name);
      assert.ok(renderMetrics().includes(`| \`${name}\` |`));
    }
  }
  const remedy =
    'run: node --import tsx --conditions=kasabi-source test/support/metrics-table.ts --write';
  assert.ok(withMetrics(readme) === readme, `The README's metrics are behind; ${remedy}`);
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
