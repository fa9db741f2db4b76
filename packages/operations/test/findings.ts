import assert from 'node:assert/strict';
import { diagnose } from '../src/diagnose.ts';
import type { Facts, Finding } from '../src/finding.ts';
import type { LockedDataset, Overview, WorkerState } from '../src/overview.ts';

export const now = new Date('2026-11-23T12:00:00Z');
export const ago = (milliseconds: number): Date => new Date(now.getTime() - milliseconds);
export const minute = 60_000;

export const worker = (changes: Partial<WorkerState> = {}): WorkerState => ({
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
  storeTrouble: null,
  sinceRelayMs: 500,
  relayIntervalMs: 1_000,
  sinceRescueMs: 500,
  redisLost: null,
  redisForgotten: null,
  heldJobs: 0,
  ...changes,
});

export const lock = (changes: Partial<LockedDataset> = {}): LockedDataset => ({
  code: 'nasa',
  lockedBy: 'job-1',
  lockedAt: ago(2 * minute),
  lockedMs: 2 * minute,
  jobStatus: 'running',
  leaseExpiredMs: null,
  ...changes,
});

/** An overview in which nothing is wrong. */
export const healthy: Overview = {
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
  standbys: [],
};

/** What is found when this differs from the healthy overview. */
export const found = (changes: Partial<Overview> = {}, facts: Partial<Facts> = {}): Finding[] =>
  diagnose({ overview: { ...healthy, ...changes }, redisAnswers: true, ...facts });

/** Findings as `code severity`; checks that each says what is wrong and what to do. */
export function said(findings: readonly Finding[]): string[] {
  for (const { what, todo } of findings) assert.ok(what.endsWith('.') && todo.length > 20, what);
  return findings.map(({ code, severity }) => `${code} ${severity}`);
}
