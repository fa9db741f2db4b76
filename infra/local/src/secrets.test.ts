import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { keepSecrets } from './secrets.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-secrets-'));
const file = path.join(folder, 'secrets.json');

after(() => rmSync(folder, { recursive: true }));

test('secrets are made once, and kept for their owner alone', () => {
  const made = keepSecrets(folder);
  assert.deepEqual(keepSecrets(folder), made);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(new Set(Object.values(made)).size, 5);
});

test('a folder from before the operations page gets its password, and keeps the rest', () => {
  const { operatorPassword, ...older } = keepSecrets(folder);
  writeFileSync(file, JSON.stringify(older));
  const now = keepSecrets(folder);
  assert.deepEqual({ ...now, operatorPassword }, { ...older, operatorPassword });
  assert.ok(now.operatorPassword.length >= 12);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), now);
});

test('a damaged file is refused', () => {
  writeFileSync(file, '{"demoKey":');
  assert.throws(() => keepSecrets(folder), /is damaged/);
});
