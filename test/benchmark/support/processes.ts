import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import {
  freePort,
  isReady,
  type ManagedProcess,
  projectRoot,
  type ServiceName,
  serviceNodeOptions,
  serviceProgram,
  startProcess,
  waitUntil,
} from '@kasabi/local';
import { environment } from '../../support/env.ts';
import type { BaselineSettings } from '../baselines/settings.ts';
import { program } from './build.ts';

/** A service of the product, or a baseline, as a process. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Where its standard output went. */
  readonly logFile: string;
  /** From its spawn until it was ready, in milliseconds. */
  readonly startUpMs: number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Folder for its log. */
  readonly folder: string;
  readonly onSpawn: (process: ManagedProcess) => void;
  /** The service of this name writes a processor profile to `.test/profiles` when it stops. */
  readonly profile: string | undefined;
}

const profiles = path.join(projectRoot, '.test', 'profiles');
const readyWithinMs = 30_000;
let started = 0;

/** Starts a built service as its image does, with these settings and nothing else in its environment. */
export async function startProduct(
  name: ServiceName,
  port: number,
  env: NodeJS.ProcessEnv,
  options: StartOptions,
): Promise<Running> {
  const url = `http://127.0.0.1:${port}/readyz`;
  return await start(name, port, [serviceProgram(name)], env, options, () => isReady(url));
}

/** Starts a baseline; it is ready when it takes connections on its port or, without one, when it says so. */
export async function startBaseline(
  name: string,
  settings: Omit<BaselineSettings, 'port'> & Readonly<Record<string, unknown>>,
  options: StartOptions & { readonly listens: boolean },
): Promise<Running> {
  const port = await freePort();
  const args = [program(`baselines/${name}`), JSON.stringify({ ...settings, port })];
  const ready = async (logFile: string): Promise<boolean> =>
    options.listens
      ? await takesConnections(port)
      : readFileSync(logFile, 'utf8').startsWith('ready');
  return await start(name, port, args, {}, options, ready);
}

async function start(
  name: string,
  port: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: StartOptions,
  ready: (logFile: string) => Promise<boolean>,
): Promise<Running> {
  started += 1;
  const logFile = path.join(options.folder, `${name}-${started}.log`);
  const { PATH, HOME } = environment();
  const profiling = options.profile === name ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [];
  const began = performance.now();
  const managed = await startProcess({
    name,
    command: process.execPath,
    args: [...serviceNodeOptions, ...profiling, ...args],
    cwd: projectRoot,
    env: { PATH, HOME, NODE_ENV: 'production', ...env },
    logFile,
    onSpawn: options.onSpawn,
  });
  const isUp = async (): Promise<boolean> => managed.exit !== undefined || (await ready(logFile));
  const up = await waitUntil(isUp, { timeoutMs: readyWithinMs, everyMs: 5 });
  const startUpMs = performance.now() - began;
  if (!up || managed.exit !== undefined) {
    throw new Error(`${name} does not start; its log: ${readFileSync(logFile, 'utf8')}`);
  }
  return {
    name,
    pid: managed.pid,
    port,
    logFile,
    startUpMs,
    async stop() {
      await managed.stop([
        ['SIGTERM', 15_000],
        ['SIGKILL', 5_000],
      ]);
    },
  };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
