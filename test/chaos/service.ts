import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isReady, type ManagedProcess, manageChild, type ServiceName } from '@kasabi/local';
import type { SocketProxy } from '@kasabi/test/support/proxy';
import { environment, preloadEnvironment } from './env.ts';
import type { Image } from './image.ts';

export interface ServiceOptions {
  /** Its name in the stack: `worker-2`. */
  readonly name: string;
  readonly kind: ServiceName;
  readonly url: string;
  readonly image: Image;
  readonly env: NodeJS.ProcessEnv;
  readonly controlPort: number;
  readonly postgres: SocketProxy;
  readonly redis: SocketProxy;
  /** Told of each process it runs as. */
  readonly onSpawn: (process: ManagedProcess) => void;
  /** Told when a process ended though nobody had ended it, with its last words. */
  readonly onCrash: (service: Service, lastWords: string) => void;
}

/** One of the stack's services: a process that can be ended and started again in its place. */
export interface Service extends ServiceOptions {
  readonly pid: number;
  readonly running: boolean;
  /** How far its clock is off. */
  skewMs: number;
  /** True from the moment a fault takes the process until it is as before. */
  taken: boolean;
  /** The last lines it wrote. */
  readonly logs: readonly string[];
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process that runs now has ended. */
  ended(): Promise<void>;
}

const keptLines = 600;
const readyWithinMs = 30_000;

export function createService(options: ServiceOptions): Service {
  let managed: ManagedProcess | undefined;
  let toEnd = false;
  const logs: string[] = [];

  function note(line: string): void {
    logs.push(line);
    if (logs.length > keptLines) logs.splice(0, keptLines / 2);
  }

  function launch(skewMs: number): ChildProcess {
    const { PATH, HOME } = environment();
    const child = spawn(process.execPath, [options.image.program(options.kind)], {
      cwd: options.image.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH,
        HOME,
        NODE_OPTIONS: `--import=${options.image.preload}`,
        ...preloadEnvironment({ service: options.name, controlPort: options.controlPort, skewMs }),
        ...options.env,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', note);
    }
    return child;
  }

  const service: Service = {
    ...options,
    skewMs: 0,
    taken: false,
    logs,
    get pid() {
      return managed?.pid ?? 0;
    },
    get running() {
      return managed !== undefined && managed.exit === undefined;
    },
    async start() {
      managed = manageChild(options.name, launch(service.skewMs));
      toEnd = false;
      if (managed !== undefined) {
        options.onSpawn(managed);
        void managed.exited.then(() => {
          if (!toEnd) options.onCrash(service, logs.slice(-5).join('\n'));
        });
      }
      const deadline = performance.now() + readyWithinMs;
      // A health check, not readiness: Postgres or Redis may be away just now, and that is fine.
      while (!(await isReady(`${options.url}/healthz`))) {
        if (!service.running || performance.now() > deadline) {
          throw new Error(`${options.name} does not start:\n${logs.slice(-20).join('\n')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
    signal(name) {
      if (name === 'SIGKILL' || name === 'SIGTERM') toEnd = true;
      if (service.running) process.kill(service.pid, name);
    },
    async ended() {
      await managed?.exited;
    },
  };
  return service;
}
