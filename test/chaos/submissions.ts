import { setTimeout as sleep } from 'node:timers/promises';
import { digestKey } from '@kasabi/accounts';
import { cancel } from '@kasabi/jobs';
import type { History } from './history.ts';
import type { PlannedJob } from './schedule.ts';
import type { Stack } from './stack.ts';

/** A job that the API has answered 202. */
export interface Submission {
  readonly jobId: string;
  /** When the request was sent and when its answer was there; milliseconds since the epoch. */
  readonly askedAt: number;
  readonly acceptedAt: number;
  /** What was asked for; undefined when no start time was given. */
  readonly startTime: Date | undefined;
  /** `done`: the owner was told that it is off. `unknown`: the owner was told nothing. */
  cancelled: 'no' | 'refused' | 'done' | 'unknown';
  duplicates: number;
}

export interface SubmitOptions {
  readonly stack: Stack;
  readonly key: string;
  readonly dataset: string;
  readonly begin: number;
  readonly history: History;
}

const tries = 6;

/** Submits a job as planned, cancels it and adds deliveries to it; undefined when no 202 was to be had. */
export async function submit(
  planned: PlannedJob,
  options: SubmitOptions,
): Promise<Submission | undefined> {
  const { begin, history } = options;
  await sleepUntil(begin + planned.atMs);
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const submission = await post(planned, options, attempt);
    if (submission === undefined) {
      await sleep(250);
      continue;
    }
    await Promise.all([
      cancelAsPlanned(submission, planned, options),
      ...planned.duplicateAtMs.map((atMs) => deliverAgain(submission, begin + atMs, options)),
    ]);
    return submission;
  }
  history.note(`${options.dataset}: no 202 after ${tries} requests`);
  return undefined;
}

async function post(
  { startInMs, api }: PlannedJob,
  { stack, key, dataset, history }: SubmitOptions,
  attempt: number,
): Promise<Submission | undefined> {
  const service = stack.apis[(api + attempt) % stack.apis.length];
  const startTime = startInMs === undefined ? undefined : new Date(Date.now() + startInMs);
  const body = new URLSearchParams({ jobType: 'reset', apikey: key });
  if (startTime !== undefined) body.set('startTime', startTime.toISOString());
  const askedAt = Date.now();
  try {
    const response = await fetch(`${service?.url}/dataset/${dataset}/jobs`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(8_000),
    });
    const text = await response.text();
    const acceptedAt = Date.now();
    if (response.status !== 202) {
      history.note(`POST for ${dataset} at ${service?.name}: ${response.status} ${text.trim()}`);
      return undefined;
    }
    const jobId = text.split('/').at(-1) ?? '';
    const when = startInMs === undefined ? '' : ` to start at ${startInMs} ms from then`;
    history.note(`POST for ${dataset} at ${service?.name}: 202, job ${jobId}${when}`);
    return { jobId, askedAt, acceptedAt, startTime, cancelled: 'no', duplicates: 0 };
  } catch (error) {
    history.note(`POST for ${dataset} at ${service?.name}: ${String(error)}`);
    return undefined;
  }
}

async function cancelAsPlanned(
  submission: Submission,
  { cancelAtMs }: PlannedJob,
  { stack, key, dataset, begin, history }: SubmitOptions,
): Promise<void> {
  if (cancelAtMs === undefined) return;
  await sleepUntil(begin + cancelAtMs);
  const { jobId } = submission;
  try {
    const keyDigest = digestKey(key);
    const { outcome } = await cancel(stack.asApi, { keyDigest, datasetCode: dataset, jobId });
    submission.cancelled = outcome === 'cancelled' ? 'done' : 'refused';
  } catch (error) {
    submission.cancelled = 'unknown';
    history.note(`cancelling job ${jobId}: ${String(error)}`);
    return;
  }
  history.note(`cancelling job ${jobId}: ${submission.cancelled}`);
}

/** Deliveries that the suite adds have ids beyond any attempt, so that none is dropped as known. */
const byHand = 900;

async function deliverAgain(
  submission: Submission,
  at: number,
  { stack, history }: SubmitOptions,
): Promise<void> {
  await sleepUntil(at);
  const { jobId } = submission;
  submission.duplicates += 1;
  const attempt = byHand + submission.duplicates;
  const now = Date.now();
  await stack.producer.enqueue([{ jobId, attempt, due: now }]).then(
    () => history.note(`delivered job ${jobId} once more`),
    () => history.note(`delivering job ${jobId} once more: Redis is away`),
  );
}

async function sleepUntil(at: number): Promise<void> {
  await sleep(Math.max(0, at - Date.now()));
}
