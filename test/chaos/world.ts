import { type Arms, createArms } from './arms.ts';
import { createDriver, type Driver } from './driver.ts';
import type { Fault, PlannedFault } from './faults.ts';
import type { Patch } from './image.ts';
import { createInflictor, type Inflicted, type Occasion } from './inflict.ts';
import type { RedisKind } from './options.ts';

import { type Stack, startStack } from './stack.ts';

/** The stack with everything that all trials share. */
export interface World {
  readonly stack: Stack;
  readonly driver: Driver;
  readonly arms: Arms;
  /** Every fault of the run: those of one trial hit the jobs of others, too. */
  readonly faults: readonly Fault[];
  inflict(planned: PlannedFault, occasion: Occasion): Inflicted | undefined;
  /** Deliveries of this dataset's jobs that a worker has claimed and is not done with. */
  underWay(dataset: string): number;
  /** Services that ended though nobody had ended them, since this was last asked. */
  crashes(): string[];
  /** When workers gave deliveries of this job back to the queue, to have them again later. */
  givenBack(jobId: string): readonly number[];
}

export async function createWorld(options: {
  readonly patches?: readonly Patch[];
  readonly redis?: RedisKind;
  readonly log: (line: string) => void;
}): Promise<World> {
  const arms = createArms();
  const faults: Fault[] = [];
  // By service, since a process that has ended is done with all it had.
  const claimed = new Map<string, { readonly pid: number; readonly jobs: Map<string, string> }>();

  const crashed: string[] = [];
  const givenBack = new Map<string, readonly number[]>();
  const givenBackOf = (jobId: string): readonly number[] => givenBack.get(jobId) ?? [];

  const stack = await startStack(
    {
      async onPoint(reached) {
        if (reached.point === 'after-claim') {
          const known = claimed.get(reached.service);
          const jobs = known?.pid === reached.pid ? known.jobs : new Map<string, string>();
          jobs.set(reached.jobId, reached.dataset);
          claimed.set(reached.service, { pid: reached.pid, jobs });
        }
        await arms.reached(reached);
      },
      onNote({ service, jobId, note }) {
        claimed.get(service)?.jobs.delete(jobId);
        if (note === 'given-back') givenBack.set(jobId, [...givenBackOf(jobId), Date.now()]);
      },
    },
    {
      ...options,
      onCrash(service, lastWords) {
        crashed.push(`${service.name} ended by itself. Its last words:\n${lastWords}`);
        service.start().catch((error: unknown) => crashed.push(String(error)));
      },
    },
  );
  const driver = createDriver(stack);
  const start = createInflictor(driver);
  return {
    stack,
    driver,
    arms,
    faults,
    inflict(planned, occasion) {
      const inflicted = start(planned, occasion);
      if (inflicted !== undefined) faults.push(inflicted.fault);
      return inflicted;
    },
    givenBack: givenBackOf,
    crashes: () => crashed.splice(0),
    underWay(dataset) {
      let count = 0;
      for (const service of stack.workers) {
        const known = claimed.get(service.name);
        if (known === undefined || known.pid !== service.pid || !service.running) continue;
        for (const of of known.jobs.values()) if (of === dataset) count += 1;
      }
      return count;
    },
  };
}
