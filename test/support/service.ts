import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  freePort,
  isReady,
  manageChild,
  portSettings,
  projectRoot,
  type ServiceName,
  serviceNodeOptions,
  serviceProgram,
} from '@kasabi/local';
import { environment } from './env.ts';
import { WaitTimedOut, waitFor } from './wait-for.ts';

/** A service did not start or stop as it should. */
export class ServiceMisbehaved extends Error {
  readonly code = 'service-misbehaved';
}

/** A built service that runs as a process of its own. */
export interface TestService {
  readonly name: ServiceName;
  /** Where it listens: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it has written so far, standard output and error, line by line. */
  readonly logs: readonly string[];
  /** Resolves when it has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /**
   * Asks it to stop and waits for its end; without effect when it has ended.
   *
   * @throws ServiceMisbehaved unless it ends within 15 s with status 0.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

export interface StartServiceOptions {
  /** How long it may take until `readyPath` answers 200; 30 s unless set. 0: do not wait. */
  readonly readyWithinMs?: number;
  /** `/readyz` unless set. */
  readonly readyPath?: string;
  /** The Node.js program to run it on; that of the tests unless set. */
  readonly node?: string;
  /** What Node.js runs, its options first; the built service unless set. */
  readonly program?: readonly string[];
}

const stopWithinMs = 15_000;

const running = new Set<() => void>();
process.once('exit', () => {
  // A test file that ends early, by an error or a time-out, leaves no process behind.
  for (const kill of running) kill();
});

/**
 * Starts a built service with this environment and nothing else of ours, on a free port unless `env`
 * sets it, and waits until it is ready.
 *
 * @throws ServiceMisbehaved with its output when it does not become ready.
 */
export async function startService(
  name: ServiceName,
  env: NodeJS.ProcessEnv,
  options: StartServiceOptions = {},
): Promise<TestService> {
  const { readyWithinMs = 30_000, readyPath = '/readyz', node = process.execPath } = options;
  const program = options.program ?? [...serviceNodeOptions, serviceProgram(name)];
  const port = Number(env[portSettings[name]] ?? (await freePort()));
  const { PATH, HOME, TEST_RUN_ID } = environment();
  const child = spawn(node, program, {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH,
      HOME,
      TEST_RUN_ID,
      // There is no proxy in front, and every stop would wait for the tests' own idle connections.
      DRAIN_MS: '0',
      ...env,
      [portSettings[name]]: String(port),
    },
  });
  const managed = manageChild(name, child);
  if (managed === undefined) throw new ServiceMisbehaved(`${name} cannot be spawned.`);
  const logs: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => logs.push(line));
  }
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  running.add(killNow);
  void managed.exited.then(() => running.delete(killNow));
  const url = `http://127.0.0.1:${port}`;
  const output = (): string => logs.slice(-30).join('\n');

  const service: TestService = {
    name,
    url,
    port,
    pid: managed.pid,
    logs,
    exited: managed.exited,
    async stop(signal = 'SIGTERM') {
      if (managed.exit !== undefined) return;
      const exit = await managed.stop([
        [signal, stopWithinMs],
        ['SIGKILL', 5_000],
      ]);
      if (exit.code === 0) return;
      const how =
        exit.signal === 'SIGKILL'
          ? `did not end within ${stopWithinMs} ms of ${signal}`
          : `ended with ${exit.signal ?? `status ${exit.code}`} after ${signal}`;
      throw new ServiceMisbehaved(`${name} ${how}. Its output:\n${output()}`);
    },
    async kill() {
      await managed.stop([['SIGKILL', 5_000]]);
    },
  };
  if (readyWithinMs === 0) return service;
  try {
    await waitFor(async () => managed.exit !== undefined || (await isReady(`${url}${readyPath}`)), {
      what: `${name} to be ready`,
      timeoutMs: readyWithinMs,
    });
  } catch (error) {
    if (!(error instanceof WaitTimedOut)) throw error;
    await service.kill();
    throw new ServiceMisbehaved(`${error.message}. Its output:\n${output()}`);
  }
  if (managed.exit !== undefined) {
    throw new ServiceMisbehaved(
      `${name} ended with status ${managed.exit.code} before it was ready. Its output:\n${output()}`,
    );
  }
  return service;
}
