import { type JobProgress, type JobResult, jobTypes } from '@kasabi/domain';
import { type Html, type HtmlPart, html } from '@kasabi/http';
import {
  formatCount,
  type OperatorJob,
  readJob,
  readTransitions,
  type Transition,
} from '@kasabi/operations';
import { brief, exactTime, timeAndDistance } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { facts, nothing, panel, statusBadge, table } from './parts.ts';
import type { Reads } from './reads.ts';

/** A job's page: its state, what has happened to it, and what can be done. */
export async function readJobPage(
  reads: Reads,
  id: string,
  links: Links,
): Promise<Sections | undefined> {
  const job = await readJob(reads.db, id);
  if (job === undefined) return undefined;
  const transitions = await readTransitions(reads.db, id);
  const { now } = (await reads.health()).overview;
  return new Map([
    ['job', about(job, transitions, now, links)],
    ['error', errorPanel(job, transitions)],
    ['attempts', panel('Attempts', attempts(transitions, job, now))],
    ['transitions', panel('Transitions', history(transitions, job, now))],
  ]);
}

function about(
  job: OperatorJob,
  transitions: readonly Transition[],
  now: Date,
  links: Links,
): Html {
  const { startTime, started, endTime } = job;
  const lease =
    job.leaseHolder === null || job.leaseExpires === null
      ? 'none'
      : html`<span class="id">${job.leaseHolder}</span>, until ${timeAndDistance(job.leaseExpires, now)}`;
  const action = actionOf(job, links);
  return html`<section class="card">
<div class="card-head">${statusBadge(job.status)}${action !== undefined && html`<div>${action}</div>`}</div>
${facts([
  ['Dataset', html`${datasetLink(links, job.dataset)} of ${job.owner}`],
  ['Type', typeOf(job)],
  ['Requested', html`${timeAndDistance(job.created, now)}, with key ${job.keyId}`],
  ['Start time', timeAndDistance(startTime, now)],
  ['Due', timeAndDistance(job.due, now)],
  ['Attempt', attemptsOf(job)],
  ['First started', started === null ? 'not yet' : timeAndDistance(started, now)],
  ['Last started', lastStarted(transitions, now)],
  [
    'Ended',
    endTime === null
      ? 'not yet'
      : html`${timeAndDistance(endTime, now)}${started !== null && html`, ${brief(endTime.getTime() - started.getTime())} after it first started`}`,
  ],
  ['Lease', lease],
  ['Fence', job.fence ?? 'none'],
  ...(job.progress === null ? [] : [['Progress', progressOf(job.progress)] as const]),
  ...(job.result === null ? [] : [['Result', resultOf(job.result, now)] as const]),
  ['Handed to Redis', handedOver(job, now)],
  ...(job.repeats === null ? [] : [['Repeats', jobLink(links, job.repeats)] as const]),
  ...(job.repeatedBy === null ? [] : [['Repeated by', jobLink(links, job.repeatedBy)] as const]),
])}
</section>`;
}

function typeOf({ type, parameters }: OperatorJob): string {
  const own = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`);
  return [type, ...own].join(' ');
}

function progressOf({ quads, bytes, ofQuads, ofBytes }: JobProgress): string {
  const of = (done: number, all: number | null) =>
    all === null ? formatCount(done) : `${formatCount(done)} of about ${formatCount(all)}`;
  return `${of(quads, ofQuads)} quads, ${of(bytes, ofBytes)} bytes`;
}

function resultOf(result: JobResult, now: Date): Html {
  if (!('object' in result)) {
    const { quads, previousQuads, source } = result;
    return html`${formatCount(quads)} quads of <span class="id">${source}</span> instead of ${formatCount(previousQuads)}`;
  }
  const { quads, bytes, object, expires } = result;
  return html`${formatCount(quads)} quads in ${formatCount(bytes)} bytes, <span class="id">${object}</span>, until ${timeAndDistance(new Date(expires), now)}`;
}

function attemptsOf({ attempt, lost }: OperatorJob): HtmlPart {
  if (attempt === 0) return 'none yet';
  return lost === 0
    ? attempt
    : `${attempt}, of which ${lost} ${lost === 1 ? 'was lost with its worker' : 'were lost with their workers'}`;
}

/** The record only has the start of the first attempt; the claims show the later ones. */
function lastStarted(transitions: readonly Transition[], now: Date): HtmlPart {
  const last = transitions.findLast(({ event }) => event === 'claim');
  return last === undefined ? 'not recorded' : timeAndDistance(last.at, now);
}

function handedOver({ enqueuedAt, status }: OperatorJob, now: Date): HtmlPart {
  if (enqueuedAt !== null) return timeAndDistance(enqueuedAt, now);
  return status === 'scheduled' ? 'not yet; the relay does it in time' : 'not recorded';
}

function actionOf({ status, type, id, repeatedBy }: OperatorJob, links: Links): Html | undefined {
  const stops = status === 'running' && jobTypes[type].cancelsWhileRunning;
  if (status === 'scheduled' || stops) {
    return html`<a class="action" href="${links.job(id)}/cancel">Cancel this job…</a>`;
  }
  if (status === 'failed' && repeatedBy === null) {
    return html`<a class="action" href="${links.job(id)}/retry">Repeat this job…</a>`;
  }
  return undefined;
}

/** The events that end an attempt without success; their messages are for operators. */
const troubles: ReadonlySet<Transition['event']> = new Set(['retry', 'release', 'rescue', 'fail']);

function errorPanel(job: OperatorJob, transitions: readonly Transition[]): Html {
  const last = transitions.findLast(
    ({ event, message }) => troubles.has(event) && message !== null,
  );
  if (job.message === null && last === undefined) return html``;
  const isError = job.status === 'failed';
  const title = isError ? 'Why it failed' : job.status === 'cancelled' ? 'Why it ended' : 'Message';
  return html`<section class="card${isError && ' failed'}"><h2>${title}${isError && job.reason !== null && html` <code>${job.reason}</code>`}</h2>
${job.message !== null && html`<p>${job.message}</p>`}
${last?.message != null && last.message !== job.message && html`<p class="quiet">Last error (<code>${last.event}</code>):</p><pre>${last.message}</pre>`}</section>`;
}

/** The attempts, each from its claim to what ended it. */
function attempts(transitions: readonly Transition[], job: OperatorJob, now: Date): Html {
  const rows = transitions.flatMap((claim, index) => {
    if (claim.event !== 'claim') return [];
    const end = transitions
      .slice(index + 1)
      .find(({ event }) => event !== 'fence' && event !== 'cancel');
    return [{ claim, index, end, isOpen: end === undefined && job.status === 'running' }];
  });
  if (rows.length === 0) return nothing('No worker has claimed it yet.');
  // By position, because an attempt that was given back is claimed again with the same number.
  return table('Attempts', rows, ({ index }) => String(index), [
    { name: 'Attempt', cell: ({ claim }) => claim.attempt },
    { name: 'Began', cell: ({ claim }) => exactTime(claim.at, now) },
    {
      name: 'Took',
      cell: ({ claim, end }) => (end ? brief(end.at.getTime() - claim.at.getTime()) : '–'),
    },
    {
      name: 'Ended by',
      cell: ({ isOpen, end }) => (isOpen ? 'still running' : (end?.event ?? 'not recorded')),
    },
    {
      name: 'Worker',
      wide: true,
      cell: ({ claim }) => html`<span class="id">${claim.actor}</span>`,
    },
  ]);
}

const meanings: Readonly<Record<Transition['event'], string>> = {
  claim: 'A worker claimed it',
  fence: 'The dataset was locked',
  complete: 'It completed',
  fail: 'It failed',
  retry: 'The attempt failed; another one follows',
  release: 'The worker gave it back',
  rescue: 'Its worker was lost; the rescuer took it over',
  cancel: 'It was cancelled',
};

function history(transitions: readonly Transition[], job: OperatorJob, now: Date): Html {
  const entries = transitions.map(
    ({ at, event, attempt, actor, message }) =>
      html`<li class="${event}"><p><strong>${meanings[event]}</strong> <code>${event}</code></p>
<p class="quiet">${exactTime(at, now)}, attempt ${attempt}, by <span class="id">${actor}</span></p>
${message !== null && (troubles.has(event) ? html`<pre>${message}</pre>` : html`<p>${message}</p>`)}</li>\n`,
  );
  return html`<ol class="timeline">
<li class="accept"><p><strong>It was accepted</strong></p><p class="quiet">${exactTime(job.created, now)}, with key ${job.keyId} of ${job.owner}</p></li>
${entries}</ol>`;
}
