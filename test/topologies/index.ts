import { cluster } from './cluster.ts';
import { local } from './local.ts';
import { sentinel } from './sentinel.ts';
import type { Topology } from './topology.ts';

/** All topologies, in the order of the report. */
export const topologies: readonly Topology[] = [local, sentinel, cluster];
