// Recognises the product's statements by their names and texts. If one of them changes beyond
// recognition, its point is reported as never reached, and the run fails for that.
import type pg from 'pg';
import type { Control } from './control.ts';
import type { Directory } from './whereabouts.ts';

export interface Statement {
  readonly text: string;
  readonly name: string;
  readonly values: readonly unknown[];
}

interface ClaimRow {
  readonly claimed: boolean;
  /** Of the lock, where it was taken with the claim. */
  readonly fence: number | null;
  readonly dataset_id: number;
  readonly code: string;
}

interface AcceptRow {
  readonly outcome: string;
  readonly id: string;
}

/** What the open transaction of a client has done so far. */
interface Transaction {
  locking?: string;
  completing?: string;
}

const transactions = new WeakMap<pg.Client, Transaction>();

export async function beforeStatement(
  client: pg.Client,
  { text, name, values }: Statement,
  control: Control,
  directory: Directory,
): Promise<void> {
  const reach = reacher(control, directory);
  if (text === 'BEGIN') transactions.set(client, {});
  if (text === 'ROLLBACK') transactions.delete(client);
  if (name === 'mark-enqueued') {
    for (const jobId of values[0] as string[]) {
      const dataset = directory.datasetOf(jobId);
      if (dataset !== '' && directory.jobOn(dataset) === '') {
        await reach('after-enqueue-before-mark', jobId);
      }
    }
  }
  if (text !== 'COMMIT') return;
  const { locking, completing } = transactions.get(client) ?? {};
  if (locking !== undefined) await reach('before-lock-commit', locking);
  if (completing !== undefined) await reach('before-clear-commit', completing);
}

export async function afterStatement(
  client: pg.Client,
  { text, name, values }: Statement,
  result: pg.QueryResult,
  control: Control,
  directory: Directory,
): Promise<void> {
  const reach = reacher(control, directory);
  if (name === 'claim') {
    const row = result.rows[0] as ClaimRow | undefined;
    if (row?.claimed !== true) return;
    directory.learn(values[0] as string, row.code, row.dataset_id);
    await reach('after-claim', values[0] as string);
    if (row.fence !== null) await reach('after-lock', values[0] as string);
  } else if (name === 'accept') {
    const codes = values[1] as string[];
    for (const [index, row] of (result.rows as AcceptRow[]).entries()) {
      if (row.outcome !== 'accepted') continue;
      directory.learn(row.id, codes[index] ?? '');
      await reach('after-record', row.id);
    }
  } else if (text.includes('fence = fence + 1')) {
    transactions.set(client, { locking: values[1] as string });
  } else if (text.includes("SET status = 'completed'")) {
    transactions.set(client, { completing: values[0] as string });
  } else if (text === 'COMMIT') {
    const { locking, completing } = transactions.get(client) ?? {};
    transactions.delete(client);
    if (locking !== undefined) await reach('after-lock', locking);
    if (completing !== undefined) {
      directory.completed.add(completing);
      await reach('after-clear-commit', completing);
    }
  } else {
    const cleared = /\b(?:TRUNCATE|DELETE FROM) store\.quads_(\d+)\b/.exec(text)?.[1];
    if (cleared === undefined) return;
    const dataset = directory.datasetById(Number(cleared));
    await reach('in-clear', directory.jobOn(dataset));
  }
}

function reacher(control: Control, directory: Directory) {
  return (point: Parameters<Control['reach']>[0], jobId: string): Promise<void> =>
    control.reach(point, { jobId, dataset: directory.datasetOf(jobId) });
}
