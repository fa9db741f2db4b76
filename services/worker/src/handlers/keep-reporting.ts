import type { JobProgress } from '@kasabi/domain';
import { LeaseLost, reportProgress } from '@kasabi/jobs';
import type { JobContext } from './handler.ts';

/** How often progress is written, in milliseconds; also how soon a cancelled job notices. */
const progressMs = 500;

/**
 * Writes the progress from time to time, on a connection that jobs never wait on, until the returned function is called.
 * When the job is no longer this attempt's, it aborts `over`.
 */
export function keepReporting(
  { claim, upkeep, log }: JobContext,
  over: AbortController,
  progress: () => JobProgress,
): () => void {
  let reporting = false;
  const report = async (): Promise<void> => {
    if (reporting) return;
    reporting = true;
    try {
      if (!(await reportProgress(upkeep, claim, progress()))) over.abort(new LeaseLost(claim));
    } catch (error) {
      log.debug({ err: error }, 'progress not written');
    } finally {
      reporting = false;
    }
  };
  void report();
  const timer = setInterval(() => void report(), progressMs);
  return () => clearInterval(timer);
}
