import { cluster } from './cluster.ts';
import { laggingStandby } from './lagging-standby.ts';
import { local } from './local.ts';
import { nginx } from './nginx.ts';
import { pgbouncer } from './pgbouncer.ts';
import { postgresFailover } from './postgres-failover.ts';
import { redisTlsAcl } from './redis-tls-acl.ts';
import { sentinel } from './sentinel.ts';
import type { Topology } from './topology.ts';
import { valkey } from './valkey.ts';

/** All topologies, in the order of the report. */
export const topologies: readonly Topology[] = [
  local,
  sentinel,
  cluster,
  redisTlsAcl,
  valkey,
  pgbouncer,
  laggingStandby,
  postgresFailover,
  nginx,
];
