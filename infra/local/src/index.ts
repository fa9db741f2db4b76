export { findOnPath, type Unpacked } from './apt-packages.ts';
export { acquireDataLock, lockHolder } from './data-lock.ts';
export { schema as localSettings } from './env.ts';
export { endLeftovers } from './leftovers.ts';
export { type ManagedProcess, manageChild, startProcess } from './managed-process.ts';
export { projectRoot } from './paths.ts';
export { freePort } from './ports.ts';
export { startPostgres } from './postgres.ts';
export {
  commandLine,
  identify,
  isRunning,
} from './processes.ts';
export type { ServerHandle } from './ready-process.ts';
export { startRedis } from './redis.ts';
export { findRedis } from './redis-binary.ts';
export { runCommand } from './run-command.ts';
export {
  isReady,
  portSettings,
  type ServiceName,
  serviceNodeOptions,
  serviceProgram,
  serviceSettings,
  temporaryExports,
} from './services.ts';
export { forgetShellSettings } from './shell-settings.ts';
export { unpackedProgram } from './unpacked-program.ts';
export { waitUntil } from './wait-until.ts';
