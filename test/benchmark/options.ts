import { parseArgs } from 'node:util';
import { parts } from './parts/index.ts';

export interface Options {
  /** Names of the parts to run, in order. */
  readonly parts: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly soakMinutes: number;
  /** Where the results are written; undefined to print only. */
  readonly report: string | undefined;
  readonly profile: string | undefined;
}

export const usage = `Usage: npm run bench -- [part ...] [options]
  part            ${Object.keys(parts).join(', ')}; all unless named
  --rounds N      how often the sides take turns (5)
  --seconds S     how long one measurement of a load takes (3)
  --soak MINUTES  how long the footprint part keeps up its load (1)
  --report FOLDER writes RESULTS.md, results.json and results.svg there; all parts together write them
                  to test/benchmark
  --profile NAME  the service of this name (api, status, worker, operations) writes a processor profile to
                  .test/profiles when it stops`;

/** @throws TypeError for an unknown option; Error for a value or a part that is none. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      soak: { type: 'string', default: '1' },
      report: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const number = (name: 'rounds' | 'seconds' | 'soak'): number => {
    if (/^[1-9]\d{0,3}$/.test(values[name])) return Number(values[name]);
    throw new Error(`--${name} takes a whole number from 1, not "${values[name]}".`);
  };
  const names = Object.keys(parts);
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no part "${unknown.join('", "')}"; there are ${names.join(', ')}.`);
  }
  const all = positionals.length === 0;
  return {
    parts: all ? names : names.filter((name) => positionals.includes(name)),
    rounds: number('rounds'),
    seconds: number('seconds'),
    soakMinutes: number('soak'),
    report: values.report ?? (all ? 'test/benchmark' : undefined),
    profile: values.profile,
  };
}
