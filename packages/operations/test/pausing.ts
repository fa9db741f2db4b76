import type { Dataset } from '@kasabi/datasets';
import { type ClaimOutcome, claim } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { pauseAsOperator } from '../src/pause-as-operator.ts';
import { resumeAsOperator } from '../src/resume-as-operator.ts';

export const operatorAddress = '203.0.113.9';

/** A fixture of its own, with what tests of pauses do again and again. */
export async function openPausing() {
  const fixture: Fixture = await createFixture();
  const ask = (jobId: string): Promise<ClaimOutcome> =>
    claim(fixture.worker, { jobId, holder: 'worker-1', leaseMs: 60_000 });
  return {
    fixture,
    pause: (dataset?: string, reason?: string) =>
      pauseAsOperator(fixture.api, { dataset, reason, operatorAddress }),
    resume: (dataset?: string) => resumeAsOperator(fixture.api, { dataset, operatorAddress }),
    /** Tries to claim a job. */
    ask,
    outcome: async (jobId: string): Promise<string> => (await ask(jobId)).outcome,
    /** Begins anew, with two datasets. */
    async begin(): Promise<[one: Dataset, other: Dataset]> {
      await fixture.admin.query('TRUNCATE kasabi.job, kasabi.pause, kasabi.operator_action');
      return [await fixture.addDataset(), await fixture.addDataset()];
    },
  };
}
