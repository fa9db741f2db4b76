import { type Html, html } from '@kasabi/http';
import { alarms, type Finding, type FindingSubject, plural } from '@kasabi/operations';
import { relative, time } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Health } from './reads.ts';

/** Shown beside the menu of every page: how many findings nobody has acknowledged. */
export function renderBar({ findings }: Health, links: Links): Html {
  const open = alarms(findings);
  const known = findings.length - open.length;
  const tone = open[0]?.severity ?? 'good';
  const wrong = `${plural(open.length, 'thing is', 'things are')} wrong`;
  const text = open.length > 0 ? wrong : known > 0 ? `${known} acknowledged` : 'All is well';
  return html`<a class="pill ${tone}" href="${links.base}"><span class="sign" aria-hidden="true"></span>${text}</a>`;
}

/** The findings and what to do about them, acknowledged ones last. */
export function findingsPanel({ findings, overview }: Health, links: Links): Html {
  if (findings.length === 0) {
    return html`<p class="well"><span class="sign" aria-hidden="true"></span>All is well: workers, Redis, relay, clocks, locks and jobs were checked.</p>`;
  }
  return html`<section aria-label="What is wrong"><ul class="findings">
${findings.map((finding) => findingItem(finding, overview.now, links))}</ul></section>`;
}

function findingItem(finding: Finding, now: Date, links: Links): Html {
  const { code, severity, what, todo, since, subject, acknowledged } = finding;
  const tone = acknowledged === undefined ? severity : 'acknowledged';
  return html`<li class="finding ${tone}">
<p class="what"><span class="sign" aria-hidden="true"></span><span class="visually-hidden">${tone}: </span>${what}</p>
<p class="todo">${todo}</p>
${acknowledged !== undefined && html`<p class="quiet">Acknowledged ${relative(acknowledged.at, now)} from ${acknowledged.operatorAddress}, until ${time(acknowledged.until, now)} or until it changes${acknowledged.note !== null && html`: ${acknowledged.note}`}</p>`}
<p class="quiet"><code>${code}</code>${since !== undefined && html`, since ${time(since, now)}, ${relative(since, now)}`}${subject !== undefined && html`, ${subjectLink(subject, links)}`}</p>
<p class="actions">${remedyLink(finding, links)} ${acknowledgeLink(finding, links)}</p>
</li>`;
}

function subjectLink({ kind, id }: FindingSubject, links: Links): Html {
  switch (kind) {
    case 'job':
      return html`job ${jobLink(links, id)}`;
    case 'dataset':
      return html`dataset ${datasetLink(links, id)}`;
    case 'worker':
      return html`<a href="${links.base}#workers">the workers</a>`;
  }
}

function remedyLink({ remedy, subject }: Finding, links: Links): Html {
  if (remedy === 'resume') {
    const place = subject === undefined ? links.base : links.dataset(subject.id);
    return html`<a class="action" href="${place}/resume">Resume…</a>`;
  }
  if (subject === undefined) return html``;
  if (remedy === 'unlock') {
    return html`<a class="action" href="${links.dataset(subject.id)}/unlock">Unlock…</a>`;
  }
  if (remedy === 'retry') {
    return html`<a class="action" href="${links.job(subject.id)}/retry">Repeat this job…</a>`;
  }
  return html``;
}

const acknowledgeLink = (finding: Finding, links: Links): Html =>
  finding.acknowledged === undefined
    ? html`<a class="action" href="${links.finding('acknowledge', finding)}">Acknowledge…</a>`
    : html`<a class="action" href="${links.finding('unacknowledge', finding)}">Withdraw…</a>`;
