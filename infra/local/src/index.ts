export { findOnPath, type Unpacked } from './apt-packages.ts';
export { acquireDataLock, type DataLock, lockHolder } from './data-lock.ts';
export { demoDatasets, demoFile, demoOwner } from './demo-data.ts';
export { schema as localSettings } from './env.ts';
export { endLeftovers } from './leftovers.ts';
export { type ManagedProcess, manageChild, startProcess } from './managed-process.ts';
export { projectRoot } from './paths.ts';
export { choosePort, freePort, isPortFree } from './ports.ts';
export { type StartPostgresOptions, startPostgres } from './postgres.ts';
export {
  commandLine,
  endProcess,
  identify,
  isRunning,
  type ProcessIdentity,
  processesWithVariable,
} from './processes.ts';
export type { ServerHandle } from './ready-process.ts';
export { type StartRedisOptions, startRedis } from './redis.ts';
export { runCommand } from './run-command.ts';
export {
  isReady,
  passedThrough,
  portSettings,
  type ServiceName,
  type ServiceSurroundings,
  serviceNodeOptions,
  serviceProgram,
  serviceSettings,
} from './services.ts';
export { forgetShellSettings } from './shell-settings.ts';
export { adoptLocalDatabase } from './stack-state.ts';
export { unpackedProgram } from './unpacked-program.ts';
export { waitUntil } from './wait-until.ts';
