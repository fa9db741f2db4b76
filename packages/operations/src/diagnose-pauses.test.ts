import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnosePauses } from './diagnose-pauses.ts';
import type { Finding } from './finding.ts';
import type { Overview } from './overview.ts';
import type { Pause } from './pauses.ts';

const since = new Date('2026-11-23T12:00:00Z');
const by = '203.0.113.9';
const found = (pauses: readonly Pause[], restored?: string): Finding[] =>
  diagnosePauses({ overview: { pauses } as unknown as Overview, restored });

test('a pause is a warning that says who paused what, why, and how it ends', () => {
  const [all, one] = found([
    { dataset: null, since, reason: 'a restore.', by },
    { dataset: 'nasa', since, reason: null, by },
  ]);
  assert.deepEqual([all?.code, all?.severity, all?.subject], ['paused', 'warning', undefined]);
  assert.match(
    all?.what ?? '',
    /^All jobs are paused by an operator \(203\.0\.113\.9\): a restore\. /,
  );
  assert.match(all?.todo ?? '', /npm run admin -- resume$/);
  assert.match(
    one?.what ?? '',
    /^The jobs of the dataset nasa are paused by an operator \(\S+\)\. New jobs/,
  );
  assert.deepEqual(one?.subject, { kind: 'dataset', id: 'nasa' });
  assert.match(one?.todo ?? '', /resume nasa$/);
});

test('a Postgres that a relay found restored is critical, and named once', () => {
  const reason = 'This Postgres is older than the data in Redis.';
  const [finding, ...more] = found([{ dataset: null, since, reason, by: 'relay' }], reason);
  assert.deepEqual([finding?.code, finding?.severity, more], ['postgres-restored', 'critical', []]);
  assert.equal(finding?.what, `${reason} All jobs are paused.`);
});

test('one that no relay has looked at is named as well, by who can see Redis', () => {
  const findings = found([{ dataset: null, since, reason: null, by }], 'This Postgres is older.');
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['postgres-restored', 'paused'],
  );
  assert.match(findings[0]?.what ?? '', /No worker has checked it yet/);
  assert.deepEqual(found([]), []);
});
