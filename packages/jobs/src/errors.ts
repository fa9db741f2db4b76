import type { Claim } from './claim.ts';

/** The job is no longer this attempt's: its lease expired and it was rescued, or it has ended. */
export class LeaseLost extends Error {
  readonly code = 'lease-lost';
  constructor(claim: Pick<Claim, 'jobId' | 'attempt' | 'holder'>) {
    super(
      `Attempt ${claim.attempt} of job ${claim.jobId} is no longer held by ${claim.holder}; it changes nothing more.`,
    );
  }
}
