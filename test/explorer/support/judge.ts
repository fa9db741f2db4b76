import { isDeepStrictEqual } from 'node:util';
import { type JobEvent, transitions } from '@kasabi/jobs';
import type { Change, Row } from './change-log.ts';
import type { Session } from './session.ts';
import { datasetOf, type Group, hasEnded, jobOf, type World } from './world.ts';

/** A promise that was broken. */
export class Broken extends Error {
  readonly code = 'broken';
  readonly promise: string;
  readonly detail: string;
  constructor(promise: string, detail = '') {
    super(`${promise}: ${detail}`);
    this.promise = promise;
    this.detail = detail;
  }
}

function must(holds: boolean, promise: string, detail?: string): void {
  if (!holds) throw new Broken(promise, detail);
}

/**
 * The world after a transaction.
 *
 * @throws Broken where it breaks a promise.
 */
export function judgeTransaction(world: World, group: Group): World {
  const { session } = group[0];
  const changesOf = (table: string): Change[] => group.filter((it) => it.of === table);
  const notes = changesOf('job_transition').map((it) => it.after as Row);
  let next = world;
  const events: { readonly jobId: string; readonly event: JobEvent }[] = [];
  for (const change of changesOf('job')) {
    const jobId = String((change.after ?? change.before)?.['id']);
    const index = notes.findIndex((note) => note['job_id'] === jobId);
    const [note] = index === -1 ? [] : notes.splice(index, 1);
    const event = (note?.['event'] ?? 'heartbeat') as JobEvent;
    next = afterTransition(next, change, { session, jobId, event });
    events.push({ jobId, event });
  }
  must(notes.length === 0, 'each noted transition has changed its record');
  const has = (jobId: string | null, ...wanted: JobEvent[]): boolean =>
    events.some((it) => it.jobId === jobId && wanted.includes(it.event));

  const held = world.claims[speaker(session)];
  const holds = (jobId: string | null): boolean =>
    held !== undefined && held.jobId === jobId && isRunning(world, held);
  const writes = changesOf('quads');
  if (writes.length > 0) {
    if (held === undefined) {
      must(world.dataset.mode === 'read-write', 'nobody writes to a dataset that is locked');
    } else {
      must(holds(held.jobId), 'only the attempt that runs clears');
      must(has(held.jobId, 'complete'), 'effect and record are one commit');
      const clears = (world.clears[held.jobId] ?? 0) + 1;
      must(clears === 1, 'a reset takes effect once');
      next = { ...next, clears: { ...next.clears, [held.jobId]: clears } };
    }
  }
  for (const { jobId, event } of events) {
    if (event === 'complete') must(next.clears[jobId] === 1, 'a completed job has had its effect');
  }

  for (const { after } of changesOf('dataset')) {
    const [from, to] = [next.dataset, datasetOf(after as Row)];
    if (isDeepStrictEqual(from, to)) continue;
    next = { ...next, dataset: to };
    if (to.mode === 'read-only') {
      must(to.fence === from.fence + 1, 'each lock has a fence of its own');
      const claims = has(to.lockedBy, 'claim');
      must(claims || holds(to.lockedBy), 'only the attempt that runs locks');
    } else {
      const ended = has(from.lockedBy, 'complete', 'fail', 'retry', 'release', 'rescue');
      const runs = world.jobs[from.lockedBy ?? '']?.status === 'running';
      must(ended || !runs, "a running job's lock is released with its attempt");
    }
  }
  const { lockedBy } = next.dataset;
  if (lockedBy !== null && (lockedBy !== world.dataset.lockedBy || has(lockedBy, ...anyEvent))) {
    must(next.jobs[lockedBy]?.status === 'running', 'a dataset is locked only for a running job');
  }
  return next;
}

/** Failures that are answers: the guard refuses, a race is lost, or a shutdown cancels what is under way. */
const answers: ReadonlySet<string> = new Set(['25006', '40001', '23505', '57014']);

/**
 * The world after what the sessions have been answered.
 *
 * @throws Broken where an answer is not true, or is none.
 */
export function judgeSessions(world: World, sessions: readonly Session[]): World {
  let next = world;
  for (const { name, outcome, failures } of sessions) {
    const odd = failures.find((it) => !answers.has(it));
    must(odd === undefined, 'no statement fails oddly', `${name} met ${odd}`);
    const [answer, jobId = ''] = outcome?.split(' ') ?? [];
    if (answer === 'paused') next = { ...next, paused: true };
    const holds = answer !== 'cancelled' || next.jobs[jobId]?.status === 'cancelled';
    must(holds, 'a job that was cancelled stays cancelled');
  }
  return next;
}

const anyEvent: readonly JobEvent[] = ['complete', 'fail', 'retry', 'release', 'rescue', 'cancel'];

/** `a:heartbeat` speaks for the worker `a`. */
const speaker = (session: string): string => session.split(':')[0] ?? session;

const isRunning = (world: World, held: { jobId: string; attempt: number }): boolean => {
  const job = world.jobs[held.jobId];
  return job?.status === 'running' && job.attempt === held.attempt;
};

interface Transition {
  readonly session: string;
  readonly jobId: string;
  readonly event: JobEvent;
}

/** By event, what it adds to the attempts. */
const attempts: Partial<Record<JobEvent, number>> = { claim: 1, release: -1 };

const byHolder: readonly JobEvent[] = [
  'heartbeat',
  'fence',
  'complete',
  'fail',
  'retry',
  'release',
];

function afterTransition(
  world: World,
  change: Change,
  { session, jobId, event }: Transition,
): World {
  const { before, after } = change;
  must(before !== null && after !== null, 'no record is made or deleted');
  const [from, to] = [jobOf(before as Row), jobOf(after as Row)];
  must(!hasEnded(from.status), 'a record that has ended stays as it is');
  const leads = transitions[from.status][event].includes(to.status);
  must(leads, 'a record moves only as the state table says');
  must(to.attempt - from.attempt === (attempts[event] ?? 0), 'attempts are counted exactly');
  must(to.lost - from.lost === (event === 'rescue' ? 1 : 0), 'lost attempts are counted exactly');
  const jobs = { ...world.jobs, [jobId]: to };
  if (byHolder.includes(event)) {
    const held = world.claims[speaker(session)];
    const holds = held?.jobId === jobId && held.attempt === from.attempt;
    must(holds, 'only the attempt that runs moves its record');
  }
  if (event === 'rescue') {
    const expires = Date.parse(String(before?.['lease_expires']));
    must(expires <= change.began, 'a job is rescued only when its lease has expired');
  }
  if (event !== 'claim') return { ...world, jobs };
  must(!world.paused, 'nothing starts once a pause has returned');
  must(Date.parse(String(before?.['due'])) <= change.began, 'a job never starts early');
  const others = Object.entries(world.jobs).filter(([id]) => id !== jobId);
  must(!others.some(([, it]) => it.status === 'running'), 'one job of a dataset runs at a time');
  // Their ids are in the order of their start times.
  const overtaken = others.some(([id, it]) => it.status === 'scheduled' && id < jobId);
  must(!overtaken, 'jobs of a dataset run in order');
  const claims = { ...world.claims, [session]: { jobId, attempt: to.attempt } };
  return { ...world, jobs, claims };
}
