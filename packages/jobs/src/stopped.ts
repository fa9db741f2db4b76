import { isPaused } from '@kasabi/datasets';
import { staleAfterSeconds } from './restored.ts';

// Never true, and never evaluated. What matters is the lock that a statement with this takes on the table before its
// snapshot: ROW SHARE, which nothing else takes. See `claimsSettled`.
const claimsMark = 'EXISTS (SELECT FROM kasabi.pause WHERE false FOR KEY SHARE)';

// A beat may be in the future if Postgres's clock was set back; 'infinity' turns the check off.
const isChecked = `
  (SELECT b.at > now() - interval '${staleAfterSeconds} seconds'
     AND (b.at < now() + interval '${staleAfterSeconds} seconds' OR b.at = 'infinity')
   FROM kasabi.beat b)`;

/**
 * SQL for what keeps jobs of this dataset from being claimed: 'paused', 'unchecked' if no worker has recently made sure
 * that this database was not restored, or NULL.
 */
export const stopOf = (datasetId: string): string => `
  CASE WHEN ${isPaused(datasetId)} OR ${claimsMark} THEN 'paused'
       WHEN ${isChecked} IS NOT TRUE THEN 'unchecked' END`;
