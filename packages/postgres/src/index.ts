export { type Batcher, type BatcherOptions, createBatcher } from './batcher.ts';
export { hasSqlState, isTransient, sqlState } from './errors.ts';
export { type MigrateOptions, migrate } from './migrate.ts';
export { type MigrationState, readMigrations } from './migrations.ts';
export { pipelined } from './pipelined.ts';
export { createPool, databaseAnswers, databaseNow, type PoolOptions } from './pool.ts';
export { type Role, type RolePasswords, roleName, roleUrl } from './roles.ts';
export { type Database, withTransaction } from './transaction.ts';
