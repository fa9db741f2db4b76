// What the Markdown documents refer to is there, and the first of them stays short. It needs no server.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { findBrokenReferences, listFiles } from '../support/references.ts';

const files = listFiles(projectRoot);
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

test('links, anchors and paths in all documents lead somewhere', () => {
  assert.deepEqual(findBrokenReferences(projectRoot), []);
});

test('what is missing is found, and what is there is not complained of', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'kasabi-documents-'));
  const write = (file: string, text: string): void => {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  try {
    write('services/api/src/main.ts', '');
    write('docs/other.md', '# Two words, and `code`\n\n## Again\n\n## Again\n');
    write(
      'docs/good.md',
      [
        '# Good\n\n[a](other.md) [b](other.md#two-words-and-code) [c](#good) [d](other.md#again-1)',
        '[e](https://example.org/x#y) `services/api/src/main.ts` `node services/api/dist/main.js`',
        '`services/<name>/src` `services/` `main.ts` `text/plain` `/ops/x.ts` `.json` `a/b`\n',
        '    node services/api/dist/main.js\n\n```sh\nnode services/api/src/main.ts # [x](y)\n```\n',
      ].join('\n'),
    );
    assert.deepEqual(findBrokenReferences(root), []);
    write(
      'README.md',
      [
        '# Bad\n\n[a](docs/gone.md) [b](docs/other.md#gone) [c](#gone) ![d](gone.png) [e][f]',
        '`services/api/src/gone.ts` `run services/gone/dist/main.js` `elsewhere/gone.ts` `gone/`',
        '`gone.ts` `services/gone/<name>.ts`\n\n[f]: docs/away.md\n',
        '    node services/api/away.ts\n',
      ].join('\n'),
    );
    assert.deepEqual(
      findBrokenReferences(root),
      [
        ...['docs/gone.md', 'docs/other.md#gone', '#gone', 'gone.png', 'docs/away.md'],
        ...['services/api/src/gone.ts', 'services/gone/dist/main.js', 'elsewhere/gone.ts', 'gone/'],
        ...['gone.ts', 'services/gone/<name>.ts', 'services/api/away.ts'],
      ].map((what) => `README.md: ${what}`),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('README.md has at most 150 lines', () => {
  const lines = read('README.md').trimEnd().split('\n').length;
  assert.ok(lines <= 150, `README.md has ${lines} lines`);
});

test('every package and service has a README', () => {
  const folders = files
    .map((file) => /^((?:packages|services)\/[\w-]+|infra\/local)\/package\.json$/.exec(file)?.[1])
    .filter((folder) => folder !== undefined);
  assert.ok(folders.length >= 14);
  const without = folders.filter((folder) => !files.includes(`${folder}/README.md`));
  assert.deepEqual(without, []);
});

test('every npm script that a document names is there', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const missing = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...read(file).matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
        .filter(([, name = '']) => scripts[name] === undefined)
        .map(([command]) => `${file}: ${command}`),
    );
  assert.deepEqual(missing, []);
});

test('the map of the code answers each of its questions with a path', () => {
  const section = /\n## Where is what\n(.*?)(\n## |$)/s.exec(read('docs/design.md'))?.[1] ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1);
  assert.equal(rows.length, 12);
  for (const row of rows) assert.match(row, /`(packages|services|infra)\/[^`]+`/, row);
});

test('figures of speed and size are those of the newest results', () => {
  const results = read('test/benchmark/RESULTS.md');
  for (const [file, heading] of [
    ['README.md', '## How fast'],
    ['docs/deployment.md', '## Sizing'],
  ] as const) {
    const section = read(file).split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    const cells = section
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|')[2] ?? '');
    const figures = cells.flatMap((cell) => cell.match(/\d[\d,.]*(\/s| ms| bytes| MiB)/g) ?? []);
    assert.ok(figures.length >= 5, `${file} has figures`);
    assert.deepEqual(
      figures.filter((figure) => !results.includes(` ${figure}`)),
      [],
      `${file} is behind test/benchmark/RESULTS.md`,
    );
  }
});
