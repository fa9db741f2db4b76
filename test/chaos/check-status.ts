import { setTimeout as sleep } from 'node:timers/promises';
import type { Findings, Violation } from './invariants.ts';
import type { Stack } from './stack.ts';

/** Asks the status service, as the owner would, whether each accepted job has ended as its record says. */
export async function checkStatusService(
  stack: Stack,
  key: string,
  { dataset, evidence, submissions }: Findings,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { jobId } of submissions) {
    const record = evidence.jobs.find((job) => job.id === jobId);
    if (record === undefined || record.end_time === null) continue;
    const url = `${stack.status.url}/data/${dataset}/jobs/${jobId}?apikey=${key}`;
    const status = await ask(url);
    // The service or its Postgres may be down for another trial's sake for a moment, not for ever.
    // The wire has no word of its own for what was called off.
    if (status === (record.status === 'cancelled' ? 'failed' : record.status)) continue;
    violations.push({
      invariant: 'ends',
      detail: `the status service says that job ${jobId} is ${status}, its record ${record.status}`,
    });
  }
  return violations;
}

async function ask(url: string): Promise<string | undefined> {
  for (let left = 50; left > 0; left -= 1) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      const body = await response.text();
      if (response.status === 200) return (JSON.parse(body) as { status: string }).status;
    } catch {
      // Not just now.
    }
    await sleep(200);
  }
  return undefined;
}
