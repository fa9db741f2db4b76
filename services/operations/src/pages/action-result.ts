import type {
  BulkOutcome,
  OperatorCancelOutcome,
  OperatorPauseOutcome,
  OperatorResumeOutcome,
  OperatorRetryOutcome,
  UnlockOutcome,
} from '@kasabi/operations';

/** What came of an action. */
export type ActionResult =
  | OperatorCancelOutcome
  | OperatorRetryOutcome
  | UnlockOutcome
  | OperatorPauseOutcome
  | OperatorResumeOutcome
  | BulkOutcome
  | { readonly outcome: 'done' | 'not-acknowledged' };

/** Says to the operator why nothing was done; undefined when it is done. */
export function refusalOf(result: ActionResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'not-scheduled':
      return `Only a scheduled job can be cancelled; this one is ${result.status}.`;
    case 'not-failed':
      return `Only a failed job can be repeated; this one is ${result.status}.`;
    case 'cancelled':
      return 'This job was cancelled, so it is not repeated. If it is to be done after all, its owner asks for a new one.';
    case 'repeated':
      return `This job was repeated before, by the job ${result.jobId}. If that one failed as well, repeat that one.`;
    case 'already-paused':
      return 'These jobs are paused already; nothing was changed.';
    case 'not-paused':
      return 'These jobs are not paused any more; nothing had to be done.';
    case 'not-locked':
      return 'The dataset is not locked any more; nothing had to be done.';
    case 'job-not-ended':
      return `The job that holds the lock is ${result.status}, so the lock is not abandoned. Nothing was done.`;
    case 'changed':
      return `Nothing was done: ${result.count} jobs match now, more than were told. The question is asked again with that.`;
    case 'not-acknowledged':
      return 'There is no such acknowledgement any more; nothing had to be done.';
    case 'job-unknown':
      return 'There is no such job; it may have been pruned.';
    case 'dataset-unknown':
      return 'There is no such dataset.';
  }
}
