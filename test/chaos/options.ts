import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Point, points } from './points.ts';

/** What the services have for Redis. */
export type RedisKind = 'server' | 'cluster';

export interface Options {
  readonly redis: RedisKind;
  readonly trials: number;
  readonly seed: number;
  /** Number of the first trial. */
  readonly first: number;
  /** Faults strike at these points only; all points when it is empty. */
  readonly points: readonly Point[];
  /** How many trials are under way at once. */
  readonly parallel: number;
  readonly report: string | undefined;
  /** Tells the history of trials in which a job took longer than this to end when all was well again. */
  readonly slowMs: number | undefined;
  /** Mutants' names, parted by commas, or `all`. */
  readonly mutant: string | undefined;
  /** Whether each point has to be struck 20 times in 200 trials. */
  readonly coverage: boolean;
}

export const usage = `Usage: npm run test:chaos -- [options]
  --trials N      how many trials (200)
  --seed S        a whole number; the same seed gives the same schedules (drawn and printed)
  --first N       number of the first trial (0); with --trials 1 it repeats one trial
  --points A,B    faults strike at these points only: ${points.join(', ')}
  --redis cluster a Redis Cluster of three masters and three replicas, instead of one server
  --parallel N    trials under way at once (6)
  --report FILE   writes the report as Markdown, too
  --slow MS       tells the history of trials with a job that took longer to end after the last fault
  --mutant A,B    breaks a copy of the product, one way at a time, and expects a violation; or "all"
  --ci            the fixed set of trials that CI runs`;

/** What CI runs: fixed seed, under five minutes on two cores. */
const ci = { seed: 20_120_229, trials: 150 };

/** @throws TypeError for an unknown option; Error for a value that is none. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: 'string' },
      seed: { type: 'string' },
      first: { type: 'string' },
      points: { type: 'string' },
      parallel: { type: 'string' },
      redis: { type: 'string', default: 'server' },
      report: { type: 'string' },
      slow: { type: 'string' },
      mutant: { type: 'string' },
      ci: { type: 'boolean' },
    },
  });
  const number = (
    name: 'trials' | 'seed' | 'first' | 'parallel' | 'slow',
    fallback: number,
  ): number => {
    const given = values[name];
    if (given !== undefined && !/^\d{1,9}$/.test(given)) {
      throw new Error(`--${name} takes a whole number, not "${given}".`);
    }
    return given === undefined ? fallback : Number(given);
  };
  const { redis } = values;
  if (redis !== 'server' && redis !== 'cluster') {
    throw new Error(`--redis takes server or cluster, not "${redis}".`);
  }
  const trials = number('trials', values.ci ? ci.trials : 200);
  const only = values.points?.split(',') ?? [];
  for (const name of only) {
    if (!points.includes(name as Point)) {
      throw new Error(`There is no point "${name}"; there are ${points.join(', ')}.`);
    }
  }
  return {
    redis,
    trials,
    seed: number('seed', values.ci ? ci.seed : randomInt(1, 1_000_000_000)),
    first: number('first', 0),
    points: only as Point[],
    parallel: number('parallel', 6),
    report: values.report,
    slowMs: values.slow === undefined ? undefined : number('slow', 0),
    mutant: values.mutant,
    coverage: only.length === 0 && trials >= 100,
  };
}
