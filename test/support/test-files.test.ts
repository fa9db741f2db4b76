import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { findTestFiles } from './test-files.ts';
import { isUnitTest } from './unit-tests.ts';

test('without a filter every file is found but the floods, which run alone', () => {
  const all = findTestFiles(projectRoot, []);
  assert.ok(all.includes('test/support/test-files.test.ts') && all.length > 100);
  assert.deepEqual(
    all.filter((file) => file.startsWith('test/floods/')),
    [],
  );
  assert.deepEqual(findTestFiles(projectRoot, ['test/floods', 'support']), [
    'test/floods/floods.test.ts',
  ]);
});

test('a unit test starts no process and needs no server, by itself or by what it imports', () => {
  const isUnit = (file: string): boolean => isUnitTest(projectRoot, file);
  assert.ok(isUnit('packages/jobs/src/backoff.test.ts'));
  assert.ok(isUnit('packages/client/src/wait.test.ts'), 'it waits, and listens by itself');
  for (const file of [
    'packages/jobs/src/claim.test.ts',
    'services/status/src/list.test.ts',
    'infra/local/src/restarts.test.ts',
    'test/e2e/held.test.ts',
    'test/integration/runner.test.ts',
  ]) {
    assert.ok(!isUnit(file), file);
  }
});
