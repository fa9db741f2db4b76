import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { findTestFiles } from './test-files.ts';

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
