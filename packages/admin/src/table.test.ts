import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from './table.ts';

test('columns are aligned, and no cell can move the cursor', () => {
  const table = formatTable(
    ['CODE', 'TITLE'],
    [
      ['a', 'one\ntwo\u001b[2J'],
      ['longer', ''],
    ],
  );
  assert.equal(table, 'CODE    TITLE\na       one two [2J\nlonger');
});
