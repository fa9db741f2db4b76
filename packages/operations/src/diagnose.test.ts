import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markOf } from './acknowledgements.ts';
import type { BusyJob } from './busy-jobs.ts';
import { alarms, diagnose } from './diagnose.ts';
import { formatDuration } from './duration.ts';
import type { Facts, Finding } from './finding.ts';
import type { LockedDataset, Overview, TroubledJob, WorkerState } from './overview.ts';

const now = new Date('2026-11-23T12:00:00Z');
const ago = (milliseconds: number): Date => new Date(now.getTime() - milliseconds);
const minute = 60_000;

const worker = (changes: Partial<WorkerState> = {}): WorkerState => ({
  holder: 'host:1:abc',
  host: 'host',
  version: '0.1.0',
  started: ago(60 * minute),
  seen: ago(changes.silentMs ?? 3_000),
  silentMs: 3_000,
  concurrency: 10,
  running: 1,
  clockOffsetMs: 12,
  redisAnswers: true,
  redisTrouble: null,
  sinceRelayMs: 500,
  relayIntervalMs: 1_000,
  sinceRescueMs: 500,
  redisLost: null,
  redisForgotten: null,
  heldJobs: 0,
  ...changes,
});

const lock = (changes: Partial<LockedDataset> = {}): LockedDataset => ({
  code: 'nasa',
  lockedBy: 'job-1',
  lockedAt: ago(2 * minute),
  lockedMs: 2 * minute,
  jobStatus: 'running',
  leaseExpiredMs: null,
  ...changes,
});

const healthy: Overview = {
  now,
  readOnly: false,
  inRecovery: false,
  scheduled: 5,
  due: 1,
  running: 1,
  oldestDueMs: 200,
  lockedDatasets: [lock()],
  workers: [worker(), worker({ holder: 'host:2:def' })],
  pauses: [],
  relay: { backlog: 0, lagMs: 0, lastRoundAgeMs: 900 },
  acknowledgements: [],
  troubledJobs: [],
  busyJobs: [],
};

const found = (changes: Partial<Overview> = {}, facts: Partial<Facts> = {}): Finding[] =>
  diagnose({ overview: { ...healthy, ...changes }, redisAnswers: true, ...facts });

/** What is found as `code severity`, and that each says what to do. */
function said(findings: readonly Finding[]): string[] {
  for (const { what, todo } of findings) assert.ok(what.endsWith('.') && todo.length > 20, what);
  return findings.map(({ code, severity }) => `${code} ${severity}`);
}

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

test('no worker: none ever, none any more; not what follows from it', () => {
  const stuck = {
    oldestDueMs: 10 * minute,
    relay: { backlog: 9, lagMs: minute, lastRoundAgeMs: 1 },
  };
  assert.deepEqual(said(found({ workers: [], ...stuck })), ['no-worker critical']);
  const [finding] = found({ workers: [worker({ silentMs: 5 * minute })], ...stuck });
  assert.deepEqual([finding?.code, finding?.since], ['no-worker', ago(5 * minute)]);
  assert.match(finding?.what ?? '', /the last report was of host:1:abc, 5 min ago/);
});

test('a worker that is silent beside others, until another has taken its place and its jobs', () => {
  const silent = (silentMs: number) =>
    found({
      workers: [worker({ started: ago(600 * minute) }), worker({ holder: 'quiet', silentMs })],
    });
  assert.deepEqual(silent(15_000), []);
  assert.deepEqual(said(silent(25_000)), ['worker-frozen warning']);
  assert.deepEqual(said(silent(61 * minute)), ['worker-frozen warning']);

  const lost = worker({ holder: 'lost', silentMs: 2 * minute });
  const other = worker({ holder: 'other', silentMs: 3 * minute });
  const newcomer = worker({ holder: 'new', host: 'elsewhere', started: ago(minute) });
  assert.deepEqual(found({ workers: [worker(), newcomer, lost] }), []);
  const [held] = found({ workers: [worker(), newcomer, { ...lost, heldJobs: 1 }] });
  assert.deepEqual(held?.subject, { kind: 'worker', id: 'lost' });
  const [one, ...none] = found({ workers: [worker(), newcomer, lost, other] });
  assert.deepEqual([one?.subject?.id, none], ['other', []], 'each stands for one');
  const early = worker({ holder: 'early', started: ago(2.5 * minute) });
  assert.deepEqual(found({ workers: [newcomer, early, lost, other] }), []);
  assert.deepEqual(
    found({ workers: [early, lost, other] }).map(({ subject }) => subject?.id),
    ['lost'],
    'one that started before a worker fell silent does not stand for it',
  );
});

test('Redis away: for all or for one; neither relay nor backlog beside it', () => {
  const away = worker({ redisAnswers: false, sinceRelayMs: 10 * minute });
  const stuck = {
    oldestDueMs: minute,
    relay: { backlog: 3, lagMs: minute, lastRoundAgeMs: minute },
  };
  assert.deepEqual(said(found({ workers: [away], ...stuck }, { redisAnswers: undefined })), [
    'redis-down critical',
  ]);
  assert.deepEqual(said(found({}, { redisAnswers: false })), ['redis-down critical']);
  const [one] = found({ workers: [worker({ redisAnswers: false }), worker({ holder: 'other' })] });
  assert.deepEqual([one?.code, one?.severity], ['redis-down', 'warning']);
});

test('a loss of what Redis held is news for a quarter of an hour', () => {
  const lost = (minutes: number) =>
    found({ workers: [worker({ redisLost: ago(minutes * minute), redisForgotten: 40 })] });
  assert.deepEqual(said(lost(14)), ['redis-wiped warning']);
  assert.match(lost(14)[0]?.what ?? '', /40 jobs/);
  assert.deepEqual(lost(16), []);
  const relay = { backlog: 3, lagMs: 1_000, lastRoundAgeMs: 1_000 };
  const workers = [worker({ redisLost: ago(16 * minute) })];
  assert.deepEqual(said(found({ workers, relay })), ['redis-wiped warning'], 'not handed over yet');
});

test('a relay that has stopped in all workers, or does not keep up', () => {
  const stopped = worker({ sinceRelayMs: minute });
  const relay = { backlog: 0, lagMs: 0, lastRoundAgeMs: minute };
  assert.deepEqual(said(found({ workers: [stopped], relay })), ['relay-stopped warning']);
  assert.deepEqual(said(found({ workers: [stopped], relay: { ...relay, backlog: 3 } })), [
    'relay-stopped critical',
  ]);
  assert.deepEqual(found({ workers: [stopped, worker()], relay }), []);
  assert.deepEqual(found({ workers: [{ ...stopped, relayIntervalMs: 30_000 }], relay }), []);
  assert.deepEqual(said(found({ workers: [worker({ sinceRelayMs: null })] })), [
    'relay-stopped warning',
  ]);
  assert.deepEqual(said(found({ relay: { backlog: 50, lagMs: minute, lastRoundAgeMs: 1_000 } })), [
    'relay-stopped critical',
  ]);
});

test('a dataset that is locked by nobody at work', () => {
  for (const jobStatus of ['completed', 'failed', null] as const) {
    const [finding] = found({ lockedDatasets: [lock({ jobStatus })] });
    assert.deepEqual([finding?.code, finding?.severity], ['dataset-abandoned', 'critical']);
    assert.match(finding?.todo ?? '', /dataset unlock nasa/);
    assert.deepEqual(
      [finding?.subject, finding?.remedy],
      [{ kind: 'dataset', id: 'nasa' }, 'unlock'],
    );
  }
  for (const lost of [lock({ jobStatus: 'scheduled' }), lock({ leaseExpiredMs: minute })]) {
    const [finding] = found({ lockedDatasets: [lost] });
    assert.equal(finding?.code, 'dataset-abandoned');
    assert.match(finding?.todo ?? '', /rescuer/);
    assert.equal(finding?.remedy, undefined);
  }
});

test('jobs that are due and wait', () => {
  const [finding] = found({ oldestDueMs: 90_000, due: 700 });
  assert.deepEqual([finding?.code, finding?.severity], ['queue-backlog', 'warning']);
  assert.match(finding?.what ?? '', /700 jobs .* 1 min 30 s; 1 run, of 20/);
  assert.deepEqual(finding?.since, ago(90_000));
});

test('jobs that fail or try again and again', () => {
  const job: TroubledJob = {
    id: 'job-7',
    dataset: 'nasa',
    type: 'reset',
    status: 'failed',
    attempt: 5,
    message: 'It cannot be.',
    endTime: ago(minute),
  };
  const [failed, ...none] = found({ troubledJobs: [job, job, job] });
  assert.deepEqual([failed?.code, failed?.since, none], ['job-fails', ago(minute), []]);
  assert.match(failed?.what ?? '', /job-7 of nasa has failed .*It cannot be\. 2 more of its jobs/);
  assert.deepEqual([failed?.subject, failed?.remedy], [{ kind: 'job', id: 'job-7' }, 'retry']);
  const [trying, other] = found({
    troubledJobs: [
      { ...job, status: 'running', attempt: 3, message: null, endTime: null },
      { ...job, id: 'job-8', dataset: 'esa' },
    ],
  });
  assert.match(trying?.what ?? '', /is at attempt 3/);
  assert.deepEqual([trying?.since, trying?.remedy], [undefined, undefined]);
  assert.equal(other?.subject?.id, 'job-8', 'another dataset has a finding of its own');
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

test('jobs that wait for writers, and who is in the way', () => {
  const job: BusyJob = {
    id: 'job-8',
    dataset: 'nasa',
    type: 'reset',
    status: 'scheduled',
    attempt: 9,
    busySince: ago(12 * minute),
    busyMs: 12 * minute,
    dueInMs: 130_000,
    cause: 'In the way: process 7.',
    causeMs: 20_000,
  };
  const [waiting] = found({ busyJobs: [job] });
  assert.deepEqual(said([waiting as Finding]), ['dataset-busy warning']);
  assert.deepEqual(waiting?.since, ago(12 * minute));
  assert.equal(
    waiting?.what,
    "The reset job-8 of nasa has waited for the dataset's writers for 12 min: 9 attempt(s), the next is in 2 min 10 s. 20 s ago it noted: In the way: process 7.",
  );
  assert.match(waiting?.todo ?? '', /pg_terminate_backend.*ROLLBACK PREPARED.*job cancel job-8/);
  const trying = { ...job, status: 'running', dueInMs: 0, cause: null, causeMs: null } as const;
  const [under] = found({ busyJobs: [trying] });
  assert.match(under?.what ?? '', /9 attempt\(s\), the next is due or under way\.$/);
});

test('clocks that are off, whose and which way', () => {
  const [ahead, here] = found(
    { workers: [worker({ clockOffsetMs: 60 * minute })] },
    { clockOffsetMs: -6_000 },
  );
  assert.match(ahead?.what ?? '', /worker host:1:abc is 1 h ahead of/);
  assert.match(here?.what ?? '', /clock of this host is 6\.0 s behind/);
  assert.deepEqual(said([ahead as Finding, here as Finding]), [
    'clock-off warning',
    'clock-off warning',
  ]);
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

test('durations are told in two units at most', () => {
  const told = [-5, 400, 9_940, 9_960, 61_000, 3_600_000, 3_725_000, 90_061_000].map(
    formatDuration,
  );
  assert.deepEqual(told, [
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '1 min 1 s',
    '1 h',
    '1 h 2 min',
    '1 d 1 h',
  ]);
});
