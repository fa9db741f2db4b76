import { accept } from './accept.ts';
import { drain } from './drain.ts';
import { drift } from './drift.ts';
import { exporting } from './export.ts';
import { footprint } from './footprint.ts';
import { growth } from './growth.ts';
import { ops } from './ops.ts';
import type { Part } from './part.ts';
import { poll } from './poll.ts';
import { reset } from './reset.ts';
import { waiting } from './waiters.ts';

/** The parts of the benchmark, in the order in which they run. */
export const parts: Readonly<Record<string, Part>> = {
  ...{
    accept,
    poll,
    reset,
    drift,
    drain,
    growth,
    footprint,
    ops,
    waiters: waiting,
    export: exporting,
  },
};
