import type { Logger } from '@kasabi/runtime';

/** Runs a step and returns what it does; undefined when it fails, which is logged and nothing else. */
export type AfterCommit = <T>(what: string, step: () => T) => T | undefined;

/**
 * For what follows the commit of a job: a client that was told of a fault would ask again, and its dataset
 * be reset twice. So nothing that stands between commit and answer may throw.
 */
export function createAfterCommit(log: Logger): AfterCommit {
  return (what, step) => {
    try {
      return step();
    } catch (error) {
      log.error(
        { err: error, step: what },
        'failed after the commit: the job is accepted all the same',
      );
      return undefined;
    }
  };
}
