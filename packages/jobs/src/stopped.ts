import { isPaused } from '@kasabi/datasets';
import { staleAfterSeconds } from './restored.ts';

// Never true, and never read. What matters is the lock that a statement with it takes on the table before it
// takes its snapshot: ROW SHARE, which nothing else has. See `claimsUnderWay`.
const claimsMark = 'EXISTS (SELECT FROM kasabi.pause WHERE false FOR KEY SHARE)';

// Of the future when Postgres's clock was set back; 'infinity' where nobody is to look.
const isChecked = `
  (SELECT b.at > now() - interval '${staleAfterSeconds} seconds'
     AND (b.at < now() + interval '${staleAfterSeconds} seconds' OR b.at = 'infinity')
   FROM kasabi.beat b)`;

/**
 * What keeps a job of this dataset from being claimed, as SQL: 'paused', 'unchecked' while nobody has made sure
 * of late that this database is the one it was, or NULL.
 */
export const stopOf = (datasetId: string): string => `
  CASE WHEN ${isPaused(datasetId)} OR ${claimsMark} THEN 'paused'
       WHEN ${isChecked} IS NOT TRUE THEN 'unchecked' END`;
