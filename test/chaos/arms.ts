import type { Reached } from './control.ts';
import { type FaultKind, faultKinds } from './faults.ts';
import { type Point, points } from './points.ts';
import type { PointFault } from './schedule.ts';

/** Called when a service has reached the point; false when the fault could not happen just now. */
export type Strike = (reached: Reached, fault: PointFault) => Promise<boolean>;

/** Faults that wait for a job to reach their point. */
export interface Arms {
  arm(dataset: string, faults: readonly PointFault[], strike: Strike): void;
  /** Takes back those that have not happened, and says how many. */
  disarm(dataset: string): number;
  /** What a service's arrival at a point sets off, one fault at most. */
  reached(reached: Reached): Promise<void>;
  readonly coverage: Coverage;
}

/** How often each point was reached, and with which fault. */
export interface Coverage {
  readonly reached: Record<Point, number>;
  readonly struck: Record<Point, Partial<Record<FaultKind, number>>>;
}

interface Armed {
  readonly fault: PointFault;
  readonly strike: Strike;
}

export function createArms(): Arms {
  const armed = new Map<string, Armed[]>();
  const coverage: Coverage = {
    reached: Object.fromEntries(points.map((point) => [point, 0])) as Coverage['reached'],
    struck: Object.fromEntries(points.map((point) => [point, {}])) as Coverage['struck'],
  };
  return {
    coverage,
    arm(dataset, faults, strike) {
      armed.set(
        dataset,
        faults.map((fault) => ({ fault, strike })),
      );
    },
    disarm(dataset) {
      const left = armed.get(dataset)?.length ?? 0;
      armed.delete(dataset);
      return left;
    },
    async reached(reached) {
      coverage.reached[reached.point] += 1;
      const waiting = armed.get(reached.dataset);
      const index = waiting?.findIndex(({ fault }) => fault.point === reached.point) ?? -1;
      const [hit] = index === -1 ? [] : (waiting?.splice(index, 1) ?? []);
      if (hit === undefined) return;
      if (await hit.strike(reached, hit.fault)) {
        const struck = coverage.struck[reached.point];
        struck[hit.fault.kind] = (struck[hit.fault.kind] ?? 0) + 1;
      } else {
        waiting?.push(hit);
      }
    },
  };
}

/** How often a point was reached with any fault. */
export function strikesAt(coverage: Coverage, point: Point): number {
  const kinds = Object.keys(faultKinds) as FaultKind[];
  return kinds.reduce((sum, kind) => sum + (coverage.struck[point][kind] ?? 0), 0);
}
