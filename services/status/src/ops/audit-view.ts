import { type OperatorAction, readOperatorActions } from '@kasabi/operations';
import { type Html, html } from '@kasabi/service-kit';
import { timeAndDistance } from './format.ts';
import { datasetLink, jobLink, type Links } from './links.ts';
import type { Sections } from './live.ts';
import { nothing, table } from './parts.ts';
import type { Reads } from './reads.ts';

const actionsShown = 200;

const names: Readonly<Record<OperatorAction['action'], string>> = {
  cancel: 'Cancel a job',
  retry: 'Repeat a job',
  unlock: 'Release a lock',
};

/** What operators did, and what they tried. */
export async function readAudit(reads: Reads, links: Links): Promise<Sections> {
  const actions = await readOperatorActions(reads.db, { limit: actionsShown });
  const { now } = (await reads.health()).overview;
  return new Map([['audit', html`<div class="card">${list(actions, now, links)}</div>`]]);
}

function list(actions: readonly OperatorAction[], now: Date, links: Links): Html {
  if (actions.length === 0) return nothing('No operator has done anything yet.');
  const columns = [
    { name: 'When' },
    { name: 'What' },
    { name: 'Dataset', wide: true },
    { name: 'Job' },
    { name: 'Outcome' },
    { name: 'From', wide: true },
  ];
  const rows = actions.map((action) => ({
    key: action.id,
    cells: [
      timeAndDistance(action.at, now),
      names[action.action],
      action.dataset === null ? '–' : datasetLink(links, action.dataset),
      action.jobId === null ? '–' : jobLink(links, action.jobId),
      action.outcome === 'done'
        ? html`<span class="good">done</span>${action.madeJobId !== null && html`: ${jobLink(links, action.madeJobId)}`}`
        : html`<span class="warn">${action.outcome}</span>`,
      action.operatorAddress,
    ],
  }));
  return table('What operators did', columns, rows);
}
