import { isUuid } from '@kasabi/domain';
import { type Html, type HtmlPart, html } from '@kasabi/http';
import {
  type OperatorAction,
  type OperatorActionName,
  readOperatorActions,
} from '@kasabi/operations';
import { timeAndDistance } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { nothing, pageOf, pager, table } from './parts.ts';
import type { Reads } from './reads.ts';

const pageSize = 100;

const names: Readonly<Record<OperatorActionName, string>> = {
  cancel: 'Cancel a job',
  retry: 'Repeat a job',
  unlock: 'Unlock a dataset',
  'cancel-all': 'Cancel several jobs',
  'retry-all': 'Repeat several jobs',
  'owner-create': 'Create an owner',
  'key-issue': 'Issue an API key',
  'key-revoke': 'Revoke an API key',
  'dataset-create': 'Create a dataset',
  'dataset-publish': 'Publish a dataset',
  'dataset-load': 'Load a file',
  'dataset-export': 'Export to a file',
  'dataset-restore': 'Restore from a file',
  'job-submit': 'Ask for a job',
  pause: 'Pause',
  resume: 'Resume',
  acknowledge: 'Acknowledge a finding',
  unacknowledge: 'Withdraw an acknowledgement',
};

/** The part of the audit that an address asks for. */
export interface AuditPage {
  readonly before: string | undefined;
  /** The id of the bulk action whose parts are shown. */
  readonly partOf: string | undefined;
}

/** Reads it from the query, without anything that is not an id. */
export function auditPageOf(query: URLSearchParams): AuditPage {
  const id = (name: string): string | undefined =>
    isUuid(query.get(name) ?? '') ? (query.get(name) ?? '') : undefined;
  return { before: id('before'), partOf: id('of') };
}

/** A page of what operators did and tried, newest first. */
export async function readAudit(reads: Reads, page: AuditPage, links: Links): Promise<Sections> {
  const found = await readOperatorActions(reads.db, { ...page, limit: pageSize + 1 });
  const { now } = (await reads.health()).overview;
  const { shown, last } = pageOf(found, pageSize);
  const { before, partOf } = page;
  const isFirst = before === undefined && partOf === undefined;
  const pages = pager(
    !isFirst && html`<a href="${links.audit()}">Newest</a>`,
    last !== undefined && html`<a href="${links.audit({ of: partOf, before: last.id })}">Older</a>`,
  );
  return new Map([['audit', html`<div class="card">${list(shown, now, links)}\n${pages}</div>`]]);
}

function list(actions: readonly OperatorAction[], now: Date, links: Links): Html {
  if (actions.length === 0) return nothing('No operator has done anything here yet.');
  return table('What operators did', actions, ({ id }) => id, [
    { name: 'When', cell: ({ at }) => timeAndDistance(at, now) },
    { name: 'Action', cell: (action) => actionOf(action, links) },
    { name: 'Dataset', wide: true, cell: (action) => datasetOf(action, links) },
    {
      name: 'Job or subject',
      cell: ({ jobId, subject }) => (jobId === null ? (subject ?? '–') : jobLink(links, jobId)),
    },
    { name: 'Outcome', cell: (action) => outcomeOf(action, links) },
    { name: 'From', wide: true, cell: ({ operatorAddress }) => operatorAddress },
  ]);
}

/** An action's name; a bulk action has a link to what it did to each job. */
function actionOf({ action, id, partOf }: OperatorAction, links: Links): Html {
  const isBulk = action === 'cancel-all' || action === 'retry-all';
  return html`${names[action]}${isBulk && html` <a href="${links.audit({ of: partOf ?? id })}">each job</a>`}`;
}

function outcomeOf({ outcome, madeJobId, detail }: OperatorAction, links: Links): Html {
  const made = madeJobId !== null && html`: ${jobLink(links, madeJobId)}`;
  const tone = outcome === 'done' ? 'good' : 'warn';
  return html`<span class="${tone}">${outcome}</span>${made}${detail !== null && html` <span class="quiet">${detail}</span>`}`;
}

function datasetOf({ action, dataset }: OperatorAction, links: Links): HtmlPart {
  if (dataset !== null) return datasetLink(links, dataset);
  return action === 'pause' || action === 'resume' ? 'all' : '–';
}
