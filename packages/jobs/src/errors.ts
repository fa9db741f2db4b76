import type { Claim } from './claim.ts';

/** This attempt no longer has the job: its lease ran out and the job was rescued, or the job has ended. */
export class LeaseLost extends Error {
  readonly code = 'lease-lost';
  constructor(claim: Pick<Claim, 'jobId' | 'attempt' | 'holder'>) {
    super(
      `${claim.holder} no longer has the lease of attempt ${claim.attempt} of job ${claim.jobId}; the attempt changes nothing any more.`,
    );
  }
}
