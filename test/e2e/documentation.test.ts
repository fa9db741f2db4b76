// What the document on the HTTP API says of tests, errors, routes and settings is true.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { errorCatalog } from '@kasabi/protocol';
import { createOpenApiDocument, methods } from '@kasabi/routes';
import { defaultOf, settings } from '../support/settings-table.ts';
import { findTestFiles } from '../support/test-files.ts';

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const protocol = read('docs/protocol.md');
const document = createOpenApiDocument({ apiUrl: 'http://api', statusUrl: 'http://status' });

/** The rows of a table, each as its cells; without its heading. */
const rowsOf = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('the comparison with other APIs', () => {
  const rows = rowsOf(/<!-- comparison -->(.*?)<!-- \/comparison -->/s.exec(protocol)?.[1] ?? '');

  it('has every feature, and says something of each API', () => {
    assert.deepEqual(
      rows.map(([feature]) => feature),
      [
        'monitor URL',
        'poll hint',
        'server-side wait',
        'event stream',
        'cancel',
        'list',
        'error object',
        'idempotent create',
        'documented retention',
        'caching',
      ],
    );
    for (const row of rows) {
      assert.equal(row.length, 8, row[0]);
      for (const cell of row) assert.notEqual(cell, '', row[0]);
    }
  });

  it('names tests that are there', () => {
    const files = findTestFiles(projectRoot, []);
    for (const row of rows) {
      const quoted = [...(row.at(-1) ?? '').matchAll(/`([\w-]+)`: “([^”]+)”/g)];
      assert.ok(quoted.length > 0, `${row[0]} names a test`);
      for (const [, file = '', title = ''] of quoted) {
        const named = files.filter((candidate) => path.basename(candidate, '.test.ts') === file);
        const there = ["'", '"', '`'].some((quote) => {
          const expression = new RegExp(`\\b(?:it|test)\\(\\s*${quote}${literal(title)}${quote}`);
          return named.some((candidate) => expression.test(read(candidate)));
        });
        assert.ok(there, `${file} has no test “${title}”`);
      }
    }
  });
});

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('the table of errors', () => {
  it('has every error with its status, and no other', () => {
    const section = /## Errors\n(.*?)\n## /s.exec(protocol)?.[1] ?? '';
    const named = rowsOf(section).map(([status, type, when, remedy]) => {
      assert.ok(when && remedy, `${type} has a meaning and a remedy`);
      return [type?.replaceAll('`', ''), Number(status)];
    });
    const expected = Object.entries(errorCatalog).map(([code, { status }]) => [
      `urn:kasabi:problem:${code}`,
      status,
    ]);
    assert.deepEqual(named.sort(), expected.sort());
  });
});

describe('the routes', () => {
  it('of the OpenAPI document are in the document, and those of the document in it', () => {
    const documented = Object.entries(document.paths).flatMap(([route, item]) =>
      methods.flatMap((method) => (item[method] ? [`${method.toUpperCase()} ${route}`] : [])),
    );
    const rows = rowsOf(protocol.slice(0, protocol.indexOf('## Requests')));
    const named = rows.map(([request]) => request?.replaceAll('`', '') ?? '');
    assert.deepEqual(named.sort(), documented.sort());
  });

  it('of the services come from the table that the OpenAPI document is made from', () => {
    const found = ['api', 'status'].flatMap((service) =>
      globSync(`services/${service}/src/*.ts`, { cwd: projectRoot })
        .filter((file) => !file.endsWith('.test.ts'))
        .map((file) => [file, read(file)] as const),
    );
    const adding = found.flatMap(([, text]) =>
      [...text.matchAll(/addRoutes\(\w+, '(\w+)'/g)].map(([, group]) => group),
    );
    assert.deepEqual(adding.sort(), ['api', 'datasets', 'exports', 'jobs']);
    const byHand = found.filter(([, text]) => addsRoute.test(text)).map(([file]) => file);
    assert.deepEqual(byHand, []);
  });

  it('that a service would add by itself are found', () => {
    for (const line of ["app.get('/x', x)", "app\n .route('/x')", 'router.all(path, x)']) {
      assert.match(line, addsRoute);
    }
  });
});

/** Code that adds a route to an Express app, or makes another router. */
const addsRoute =
  /\b(?:app|router)\s*\.(?:route|all|get|head|post|put|patch|delete|options)\(|\bRouter\(/;

describe('the limits', () => {
  it('are the defaults of the settings', () => {
    const every = Object.values(settings).flatMap((named) => Object.entries(named));
    const named = [...protocol.matchAll(/`([A-Z_]{5,})` \((\d+) by default/g)];
    assert.ok(named.length >= 5);
    for (const [, name, value] of named) {
      const setting = every.find(([it]) => it === name)?.[1];
      assert.ok(setting, `there is no setting ${name}`);
      assert.equal(defaultOf(setting), value, name);
    }
  });
});
