import { jobTypes } from '@kasabi/domain';
import type { unacknowledgeFinding } from './acknowledgements.ts';
import type { BulkOutcome } from './bulk.ts';
import type { OperatorCancelOutcome } from './cancel-as-operator.ts';
import type { OperatorPauseOutcome } from './pause-as-operator.ts';
import type { OperatorRepeatOutcome } from './repeat-as-operator.ts';
import type { OperatorResumeOutcome } from './resume-as-operator.ts';
import type { OperatorSubmitOutcome } from './submit-as-operator.ts';
import type { OperatorUnlockOutcome } from './unlock-as-operator.ts';

/** What came of an operator's action. */
export type ActionResult =
  | OperatorCancelOutcome
  | OperatorRepeatOutcome
  | OperatorUnlockOutcome
  | OperatorSubmitOutcome
  | OperatorPauseOutcome
  | OperatorResumeOutcome
  | BulkOutcome
  | Awaited<ReturnType<typeof unacknowledgeFinding>>;

/** Tells an operator why nothing was done; undefined when the action is done. */
export function refusalOf(result: ActionResult): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'not-scheduled':
      return `Only a ${jobTypes[result.type].cancelsWhileRunning ? 'scheduled or running' : 'scheduled'} ${result.type} can be cancelled; this one is ${result.status}.`;
    case 'not-failed':
      return `Only a failed job can be repeated; this one is ${result.status}.`;
    case 'cancelled':
      return 'A cancelled job cannot be repeated. If it is still wanted, its owner can ask for a new one.';
    case 'repeated':
      return `This job was already repeated, by the job ${result.jobId}. If that one failed too, repeat that one.`;
    case 'already-paused':
      return 'These jobs are already paused; nothing was changed.';
    case 'not-paused':
      return 'These jobs are not paused; nothing was changed.';
    case 'not-locked':
      return 'The dataset is not locked; nothing was changed.';
    case 'job-not-ended':
      return `The job ${result.jobId}, which holds the lock, is ${result.status}; nothing was changed. If its worker was lost, the rescuer unlocks the dataset as soon as a worker runs.`;
    case 'changed':
      return `Nothing was done: ${result.count} jobs match now, more than you agreed to. Look at them and try again.`;
    case 'not-acknowledged':
      return 'This finding is not acknowledged; nothing was changed.';
    case 'job-unknown':
      return 'There is no such job; it may have been pruned.';
    case 'no-key':
      return "The dataset's owner has no valid API key, and a job belongs to one. Issue a key first.";
    case 'dataset-unknown':
      return 'There is no such dataset.';
  }
}
