import { accept } from './accept.ts';
import type { Part } from './part.ts';
import { poll } from './poll.ts';

/** The parts of the benchmark, in the order in which they run. */
export const parts: Readonly<Record<string, Part>> = { accept, poll };
