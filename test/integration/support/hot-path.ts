import { createHash } from 'node:crypto';
import { authorize, authorizeAll } from '@kasabi/accounts';
import { findDataset, lockDataset, unlockDataset } from '@kasabi/datasets';
import {
  type AcceptOutcome,
  type AcceptRequest,
  acceptJobs,
  type Claim,
  cancel,
  claim,
  complete,
  confirmLease,
  createPruner,
  createRelay,
  createRescuer,
  findJobs,
  heartbeat,
  markEnqueued,
  nextDue,
  oldestDueMs,
  readChanges,
  searchJobs,
} from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import type { Explainer } from './explain.ts';

const fail = (error: unknown): never => {
  throw error;
};

function accepted(outcome: AcceptOutcome | undefined): string {
  if (outcome?.outcome !== 'accepted') throw new Error(`A job was ${outcome?.outcome}.`);
  return outcome.job.id;
}

/** Does once what the services do for a job and beside it, from its acceptance to its end. */
export async function walkHotPath(
  { pool, step }: Explainer,
  { keyDigest, datasetCode }: { readonly keyDigest: Buffer; readonly datasetCode: string },
): Promise<void> {
  const request: AcceptRequest = { keyDigest, datasetCode, type: 'reset', startTime: undefined };
  const fingerprint = createHash('sha256').update('asked').digest();
  const accept = async (requests: readonly AcceptRequest[], maxOpenJobs = 0): Promise<string> =>
    accepted((await acceptJobs(pool, requests, { maxScheduleDays: 366, maxOpenJobs })).at(0));

  const jobId = await step('accept', () => accept([request]));
  await step('accept within a limit', () => accept([request], 100_000));
  await step('accept once', () => accept([{ ...request, idempotency: { key: 'k', fingerprint } }]));
  await step('accept several', () => accept(Array.from({ length: 10 }, () => request)));
  await step('authorize', () => authorize(pool, { keyDigest, datasetCode }));
  await step('authorize all', () => authorizeAll(pool, [{ keyDigest, datasetCode }]));
  await step('poll', () => findJobs(pool, [{ keyDigest, datasetCode, jobId }]));
  await step('poll several', () =>
    findJobs(
      pool,
      Array.from({ length: 10 }, () => ({ keyDigest, datasetCode, jobId })),
    ),
  );
  await step('dataset status', () => findDataset(pool, datasetCode));
  await step('list', () => searchJobs(pool, { dataset: datasetCode, limit: 10 }));
  const statuses = ['failed', 'cancelled'] as const;
  await step('list a status', () =>
    searchJobs(pool, { dataset: datasetCode, statuses, limit: 10 }),
  );
  await step('mark enqueued', () => {
    const due = Date.now();
    return markEnqueued(pool, [{ jobId, attempt: 0, due }]);
  });
  await step('watch', () =>
    readChanges(pool, [{ id: jobId, status: 'running', attempt: 1 }], 1_000),
  );

  const held = await step('claim', async (): Promise<Claim> => {
    const claimed = await claim(pool, { jobId, holder: 'explainer', leaseMs: 15_000 });
    if (claimed.outcome !== 'claimed') throw new Error(`The job is ${claimed.outcome}.`);
    return claimed.claim;
  });
  await step('heartbeat', () => heartbeat(pool, [held], 15_000));
  const { datasetId } = held;
  const { fence } = await step('lock', () =>
    withTransaction(pool, async (client) => {
      const taken = await lockDataset(client, { datasetId, jobId, timeoutMs: 1_000 });
      await confirmLease(client, held);
      return taken;
    }),
  );
  await step('complete', async () => {
    await unlockDataset(pool, { datasetId, jobId, fence });
    await complete(pool, held);
  });
  const next = await step('next due', () => nextDue(pool, datasetId));
  await step('oldest due', () => oldestDueMs(pool));
  await step('cancel', () => cancel(pool, { keyDigest, datasetCode, jobId: next?.jobId ?? '' }));

  await step('relay', () =>
    createRelay({
      ...{ db: pool, enqueue: async () => undefined, ensureDue: async () => undefined },
      ...{ lostData: async () => false, acknowledgeData: async () => undefined },
      ...{ intervalMs: 1_000, horizonMs: 3_600_000, overdueMs: 1_000, reassertMs: 10_000 },
      ...{ batchSize: 1_000, onError: fail },
    }).runOnce(),
  );
  await step('rescuer', () =>
    createRescuer({
      ...{ pool, intervalMs: 1_000, maxAttempts: 5, onRescue: () => undefined, onError: fail },
    }).runOnce(),
  );
  await step('pruner', () =>
    createPruner({
      ...{ db: pool, intervalMs: 1_000, retentionDays: 90 },
      ...{ onPrune: () => undefined, onError: fail },
    }).runOnce(),
  );
}
