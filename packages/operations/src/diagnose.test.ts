import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, found, lock, minute, now, said, worker } from '../test/findings.ts';
import { markOf } from './acknowledgements.ts';
import { alarms, diagnose } from './diagnose.ts';
import type { Finding } from './finding.ts';
import type { Overview } from './overview.ts';

test('nothing is found where all is well', () => {
  assert.deepEqual(found(), []);
  assert.deepEqual(found({ workers: [worker({ sinceRelayMs: null, started: ago(1_000) })] }), []);
  assert.deepEqual(found({ lockedDatasets: [lock({ leaseExpiredMs: 2_000 })] }), []);
});

test('Postgres away: that, and nothing that nobody can know', () => {
  const findings = diagnose({ overview: undefined, postgresError: 'connect ECONNREFUSED' });
  assert.deepEqual(said(findings), ['postgres-down critical']);
  assert.match(findings[0]?.what ?? '', /\(connect ECONNREFUSED\)/);
});

test('what an operator has acknowledged is named last, until it changes or gets worse', () => {
  const acknowledgement = {
    at: ago(minute),
    until: new Date(now.getTime() + minute),
    operatorAddress: '10.0.0.7',
    note: null,
  };
  const wrong = {
    lockedDatasets: [lock({ jobStatus: null })],
    oldestDueMs: minute,
  };
  const before = found(wrong);
  const first = before[0] as Finding;
  const seen = { code: first.code, subject: 'nasa', mark: markOf(first), ...acknowledgement };
  const after = found({ ...wrong, acknowledgements: [seen] });
  assert.deepEqual(
    after.map(({ code, acknowledged }) => [code, acknowledged !== undefined]),
    [
      ['queue-backlog', false],
      ['dataset-abandoned', true],
    ],
  );
  assert.deepEqual(alarms(after).length, 1);
  const others = [
    { lockedDatasets: [lock({ jobStatus: null, lockedBy: 'another job' })] },
    { lockedDatasets: [lock({ jobStatus: null, code: 'esa' })] },
  ];
  for (const other of others) {
    assert.equal(alarms(found({ ...other, acknowledgements: [seen] })).length, 1);
  }
  const relay = { backlog: 0, lagMs: 0, lastRoundAgeMs: minute };
  const stopped = { workers: [worker({ sinceRelayMs: minute })], relay };
  const late = { code: 'relay-stopped', subject: '', ...acknowledgement };
  const worse = { ...stopped, relay: { ...relay, backlog: 3 } };
  const alarmed = (changes: Partial<Overview>, mark: string): number =>
    alarms(found({ ...changes, acknowledgements: [{ ...late, mark }] })).length;
  assert.deepEqual(
    [alarmed(stopped, 'warning'), alarmed(worse, 'warning'), alarmed(stopped, 'critical')],
    [0, 1, 0],
  );
});

test('the gravest comes first', () => {
  const codes = found({
    workers: [
      worker({ clockOffsetMs: 60 * minute }),
      worker({ holder: 'quiet', silentMs: minute }),
    ],
    lockedDatasets: [lock({ jobStatus: null })],
    oldestDueMs: minute,
  }).map(({ code }) => code);
  assert.deepEqual(codes, ['dataset-abandoned', 'worker-frozen', 'queue-backlog', 'clock-off']);
});
