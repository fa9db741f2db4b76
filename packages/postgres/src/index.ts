export { type Batcher, type BatcherOptions, createBatcher } from './batcher.ts';
export { PoolerInTheWay } from './client.ts';
export { ConnectionUrlInvalid, parseConnectionUrl, type SessionTarget } from './connection-url.ts';
export {
  HostUnsuitable,
  hasSqlState,
  isGuardRefusal,
  isTransient,
  sicknessOf,
  sqlState,
} from './errors.ts';
export { type MigrateOptions, migrate } from './migrate.ts';
export { type MigrationState, readMigrations } from './migrations.ts';
export { pipelined } from './pipelined.ts';
export { createPool, databaseNow, type PoolOptions } from './pool.ts';
export { createProbe, type Probe, type ProbeOptions, type Sickness } from './probe.ts';
export { type Role, type RolePasswords, roleName, roleUrl, serviceRoles } from './roles.ts';
export { describeSick, type SickName, type SickState, sickNames } from './states.ts';
export { type Database, withTransaction } from './transaction.ts';
