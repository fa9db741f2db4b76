import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { roleUrl } from '@kasabi/postgres';
import { fileSetting } from '@kasabi/runtime';
import { environment, schema } from './env.ts';
import type { ManagedProcess } from './managed-process.ts';
import { projectRoot } from './paths.ts';
import { startUntilReady } from './ready-process.ts';

/** The services; each has its own process. */
export type ServiceName = 'api' | 'worker' | 'status' | 'operations';

/** What the services of one stack share. */
export interface ServiceSurroundings {
  /** The store for the files of exports, as a URL; `temporaryExports` unless set. */
  readonly exportStore?: string;
  /** A login that may assume every role. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly apiPublicUrl: string;
  readonly statusPublicUrl: string;
  /** Where operators reach the operations service; its local address unless set. */
  readonly operationsPublicUrl?: string;
  /** The password of the operations page; the operations service needs it. */
  readonly operatorPassword?: string;
  /** The IP address that the services listen on; loopback unless set. */
  readonly listenAddress?: string;
  /** The shared secret of api and status, if they have one. */
  readonly serviceSecret?: string;
}

/** The local stack listens here, because it is not meant for other hosts. */
export const loopback = '127.0.0.1';

/** The setting of each service's port. */
export const portSettings = {
  api: 'API_PORT',
  worker: 'WORKER_PORT',
  status: 'STATUS_PORT',
  operations: 'OPERATIONS_PORT',
} as const satisfies Record<ServiceName, string>;

/**
 * The options of Node.js for services, also in production (infra/docker/Dockerfile). By default V8 lets the space for
 * new objects grow to 134 MB, which during a flood is nearly half of a service's memory.
 */
export const serviceNodeOptions = ['--enable-source-maps', '--max-semi-space-size=16'] as const;

/** The built program of a service. */
export function serviceProgram(name: ServiceName): string {
  return path.join(projectRoot, 'services', name, 'dist', 'main.js');
}

/** A folder for the files of exports from this database, for stacks that are not kept. */
export const temporaryExports = (databaseUrl: string): string =>
  // Not by URL, which takes no list of hosts.
  path.join(tmpdir(), `kasabi-exports-${/\/([^/?]+)(?:\?|$)/.exec(databaseUrl)?.[1]}`);

/** The settings of one service, including its port. */
export function serviceSettings(
  name: ServiceName,
  port: number,
  surroundings: ServiceSurroundings,
): NodeJS.ProcessEnv {
  const { databaseUrl, redisUrl, apiPublicUrl, statusPublicUrl, serviceSecret } = surroundings;
  const servesClients = name === 'api' || name === 'status';
  return {
    DATABASE_URL: roleUrl(databaseUrl, name),
    ...(name !== 'status' && { REDIS_URL: redisUrl }),
    ...(servesClients && { API_PUBLIC_URL: apiPublicUrl, STATUS_PUBLIC_URL: statusPublicUrl }),
    ...(servesClients && serviceSecret && { SERVICE_SECRET: serviceSecret }),
    ...((name === 'worker' || name === 'status') && {
      EXPORT_STORE: surroundings.exportStore ?? pathToFileURL(temporaryExports(databaseUrl)).href,
    }),
    ...(name === 'operations' && {
      OPERATIONS_PUBLIC_URL: surroundings.operationsPublicUrl ?? `http://${loopback}:${port}`,
      OPERATOR_PASSWORD: surroundings.operatorPassword,
    }),
    LISTEN_ADDRESS: surroundings.listenAddress ?? loopback,
    [portSettings[name]]: String(port),
  };
}

/** This process's environment without the settings of the local stack: each service is given its own. */
export function passedThrough(env: NodeJS.ProcessEnv = environment()): NodeJS.ProcessEnv {
  const kept = { ...env };
  // The services of one machine cannot share a port for metrics either.
  for (const name of [...Object.keys(schema.shape), 'METRICS_PORT']) {
    delete kept[name];
    delete kept[fileSetting(name)];
  }
  return kept;
}

export interface StartServiceOptions {
  readonly service: ServiceName;
  /** The name for messages and the log file: `worker-2`. */
  readonly name: string;
  /** Its address, without a trailing slash. */
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** How long it may take to get ready, in milliseconds; without a limit unless set. */
  readonly readyWithinMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

/**
 * Starts a service, and resolves when its `/readyz` answers 200.
 *
 * @throws ProcessFailed with the end of its log if it ends or is not ready in time.
 */
export function startService(options: StartServiceOptions): Promise<ManagedProcess> {
  const { service, url, ...rest } = options;
  return startUntilReady({
    ...rest,
    command: process.execPath,
    args: [...serviceNodeOptions, serviceProgram(service)],
    cwd: projectRoot,
    isReady: () => isReady(`${url}/readyz`),
  });
}

/** Whether this address answers 200 within 2 s. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
