import { clearDataset, lockDataset, unlockDataset } from '@kasabi/datasets';
import { complete, recordFence } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import type { JobContext } from './index.ts';

/**
 * Resets a dataset. One transaction locks it, for all to see. A second clears and unlocks it and
 * completes the record: its effect and its record are one commit, so there is no moment at which one
 * has happened and the other has not.
 */
export async function reset({ claim, pool, settings, signal, log }: JobContext): Promise<void> {
  const { datasetId, jobId } = claim;

  const fence = await withTransaction(
    pool,
    async (client) => {
      const taken = await lockDataset(client, {
        datasetId,
        jobId,
        timeoutMs: settings.LOCK_TIMEOUT_MS,
      });
      await recordFence(client, claim, taken);
      return taken;
    },
    signal,
  );
  log.debug({ fence }, 'locked');

  const method = await withTransaction(
    pool,
    async (client) => {
      const cleared = await clearDataset(client, {
        datasetId,
        jobId,
        fence,
        truncateTimeoutMs: settings.TRUNCATE_TIMEOUT_MS,
        truncateTries: settings.TRUNCATE_TRIES,
      });
      // Last, and briefly: from here to the commit, writers wait for the registry row.
      await unlockDataset(client, { datasetId, jobId, fence });
      await complete(client, claim);
      return cleared;
    },
    signal,
  );
  log.debug({ fence, method }, 'cleared and unlocked');
}
