import { local } from './local.ts';
import type { Topology } from './topology.ts';

/** All topologies, in the order of the report. */
export const topologies: readonly Topology[] = [local];
