// That the checker can fail: each broken promise, made up, is found, and nothing else is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './checks.ts';
import type { Evidence, JobChange, JobRow, LockRow } from './evidence.ts';
import type { Fault } from './faults.ts';
import type { Findings, Invariant } from './invariants.ts';
import { maxAttempts } from './stack.ts';
import type { Submission } from './submissions.ts';
import type { Write } from './writer.ts';

const scheduled: JobRow = {
  ...{
    id: 'job-1',
    status: 'scheduled',
    attempt: 0,
    lost: 0,
    created: 1_000,
    start_time: 1_000,
    due: 1_000,
  },
  ...{ started: null, end_time: null, lease_holder: null, lease_expires: null, fence: null },
  ...{ message: null, reason: null, enqueued_at: null },
};
const running: JobRow = {
  ...scheduled,
  ...{
    status: 'running',
    attempt: 1,
    started: 1_100,
    lease_holder: 'host:42:x',
    lease_expires: 3_100,
  },
};
const completed: JobRow = {
  ...running,
  ...{ status: 'completed', end_time: 1_300, fence: 1, lease_holder: null, lease_expires: null },
};
const step = (seq: number, at: number, before: JobRow | null, after: JobRow): JobChange => ({
  ...{ seq, at, began: at, jobId: after.id, before, after },
});
const open: LockRow = { storage_mode: 'read-write', fence: 0, locked_by: null };
const locked: LockRow = { storage_mode: 'read-only', fence: 1, locked_by: 'job-1' };

const evidence: Evidence = {
  jobs: [completed],
  changes: [
    step(1, 1_000, null, scheduled),
    step(2, 1_100, scheduled, running),
    step(4, 1_300, running, completed),
  ],
  locks: [
    { seq: 3, at: 1_200, before: open, after: locked },
    { seq: 5, at: 1_310, before: locked, after: { ...open, fence: 1 } },
  ],
  lock: { ...open, fence: 1 },
  quads: new Map([['"later"', 1_400]]),
  unentitled: 0,
  unverified: 0,
  revived: 0,
};
const submission: Submission = {
  ...{ jobId: 'job-1', askedAt: 990, acceptedAt: 1_010, startTime: undefined },
  ...{ cancelled: 'no', duplicates: 0 },
};
const write = (value: string, fence: number, attemptedAt: number): Write => ({
  ...{ value, attemptedAt, endedAt: attemptedAt + 1, outcome: 'committed', fence },
  ...{ storageMode: 'read-write', reason: '' },
});
const sound: Findings = {
  dataset: 'd',
  evidence,
  submissions: [submission],
  writes: [write('"earlier"', 0, 900), write('"later"', 1, 1_390)],
  faults: [],
};

function broken(change: Partial<Findings>, inEvidence: Partial<Evidence> = {}): Invariant[] {
  const findings = { ...sound, ...change, evidence: { ...evidence, ...inEvidence } };
  return [...new Set(check(findings).map((it) => it.invariant))];
}

test('nothing is found where nothing is wrong', () => {
  assert.deepEqual(broken({}), []);
});

test('a 202 without a record, and a record that has not ended', () => {
  const lost = { ...submission, jobId: 'job-2' };
  assert.deepEqual(broken({ submissions: [submission, lost] }), ['ends']);
  assert.ok(broken({}, { jobs: [completed, { ...scheduled, id: 'job-2' }] }).includes('ends'));
});

test('a record that changes after its end, or steps where it may not', () => {
  const again = step(6, 1_500, completed, { ...running, attempt: 2 });
  assert.deepEqual(broken({}, { changes: [...evidence.changes, again] }), ['ends-once']);
  const jump = step(6, 1_500, scheduled, completed);
  assert.deepEqual(broken({}, { changes: [...evidence.changes, jump] }), ['ends-once']);
  assert.deepEqual(broken({}, { revived: 1 }), ['ends-once']);
});

test('a claim before the job is due', () => {
  const [made, , done] = evidence.changes as [JobChange, JobChange, JobChange];
  const early = step(2, 1_100, { ...scheduled, due: 1_101 }, running);
  assert.deepEqual(broken({}, { changes: [made, early, done] }), ['not-early']);
});

test('a claim while its dataset, or all, are paused', () => {
  const pauseOf = (dataset: string | undefined, from: number, to: number): Fault => ({
    ...{ kind: 'pause', lastsMs: 0, variant: false, trial: 0, point: undefined, dataset },
    ...{ target: 'operator', pid: 0, from, to, error: undefined, paused: { dataset, from, to } },
  });
  assert.deepEqual(broken({ faults: [pauseOf(undefined, 1_050, 1_150)] }), ['paused']);
  assert.deepEqual(broken({ faults: [pauseOf('d', 1_050, 1_150)] }), ['paused']);
  const others = [
    pauseOf('other', 1_050, 1_150),
    pauseOf('d', 1_101, 1_200),
    pauseOf('d', 900, 1_099),
  ];
  assert.deepEqual(broken({ faults: others }), []);
});

test('a lost attempt that no fault explains, and a failure without a reason', () => {
  const back = step(3, 1_150, running, { ...scheduled, attempt: 1 });
  const retaken = step(4, 1_160, { ...scheduled, attempt: 1 }, { ...running, attempt: 2 });
  const [made, claimed, done] = evidence.changes as [JobChange, JobChange, JobChange];
  const changes = [made, claimed, back, retaken, { ...done, seq: 6 }];
  assert.deepEqual(broken({}, { changes }), ['attempts']);
  const failed: JobRow = { ...completed, status: 'failed', message: 'no' };
  assert.ok(broken({}, { jobs: [failed] }).includes('failed-with-reason'));
  const early: JobRow = { ...failed, reason: 'lost', lost: 2 };
  assert.ok(broken({}, { jobs: [early] }).includes('failed-with-reason'));
  const spent: JobRow = { ...failed, reason: 'lost', lost: maxAttempts };
  assert.ok(!broken({}, { jobs: [spent] }).includes('failed-with-reason'));
});

test('a job that is cancelled though nobody called it off, or called off and not cancelled', () => {
  const cancelled: JobRow = { ...scheduled, status: 'cancelled', end_time: 1_100 };
  const off = { ...cancelled, message: 'Cancelled by chaos (key 1) before it started.' };
  const made = step(1, 1_000, null, scheduled);
  const changes = [made, step(2, 1_100, scheduled, off)];
  const done: Submission = { ...submission, cancelled: 'done' };
  const untouched = { changes, locks: [], lock: open, quads: new Map() };
  const [quiet] = [{ writes: [] }];
  assert.deepEqual(broken({ ...quiet, submissions: [done] }, { ...untouched, jobs: [off] }), []);
  assert.deepEqual(broken(quiet, { ...untouched, jobs: [off] }), ['cancelled']);
  assert.ok(broken({ submissions: [done] }).includes('cancelled'));
});

test('attempts that are counted as lost, though nothing ended them', () => {
  const miscounted = step(2, 1_100, scheduled, { ...running, lost: 1 });
  const [made, , done] = evidence.changes as [JobChange, JobChange, JobChange];
  const after = { ...done, before: { ...running, lost: 1 }, after: { ...completed, lost: 1 } };
  assert.deepEqual(broken({}, { changes: [made, miscounted, after] }), ['ends-once']);
});

test('a dataset left locked, locked without a running job, or with an old fence', () => {
  assert.deepEqual(broken({}, { lock: locked }), ['unlocked']);
  const late = { seq: 9, at: 1_900, before: { ...open, fence: 1 }, after: { ...locked, fence: 2 } };
  assert.deepEqual(broken({}, { locks: [...evidence.locks, late] }), ['lock-order']);
  const [first, last] = evidence.locks as [(typeof evidence.locks)[0], (typeof evidence.locks)[0]];
  const same = { ...first, before: { ...open, fence: 1 } };
  assert.deepEqual(broken({}, { locks: [same, last] }), ['lock-order']);
});

test('data that is gone, still there, or written behind a lock', () => {
  assert.deepEqual(broken({}, { quads: new Map() }), ['kept']);
  const both = new Map([...evidence.quads, ['"earlier"', 901]] as const);
  assert.deepEqual(broken({}, { quads: both }), ['cleared']);
  const behind = { ...write('"later"', 1, 1_390), storageMode: 'read-only' };
  assert.deepEqual(broken({ writes: [behind] }), ['read-only']);
  assert.deepEqual(broken({}, { unentitled: 1 }), ['fenced']);
  assert.deepEqual(broken({}, { unverified: 1 }), ['verified']);
});

test('a write that was not answered may be there or not, by the same rules', () => {
  const unknown = { ...write('"later"', 1, 1_390), outcome: 'unknown' as const };
  assert.deepEqual(broken({ writes: [unknown] }), []);
  assert.deepEqual(broken({ writes: [unknown] }, { quads: new Map() }), []);
  const before = { ...write('"earlier"', 0, 900), outcome: 'unknown' as const };
  const there = new Map([['"earlier"', 1_400]]);
  assert.deepEqual(broken({ writes: [before] }, { quads: there }), ['cleared']);
});
