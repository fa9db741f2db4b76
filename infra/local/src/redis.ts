import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { environment } from './env.ts';
import { ProcessFailed } from './errors.ts';
import { logTail, type ManagedProcess, startProcess } from './managed-process.ts';
import { freePort } from './ports.ts';
import type { StopStep } from './processes.ts';
import { findRedis } from './redis-binary.ts';
import { randomPassword } from './secrets.ts';
import { waitUntil } from './wait-until.ts';

/** A Redis or Postgres server that runs. */
export interface ServerHandle {
  /** Connection URL with the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly process: ManagedProcess;
  /** Stops it in order and waits for its end; `hurry` cuts the waiting short. */
  stop(hurry?: AbortSignal): Promise<void>;
}

export interface StartRedisOptions {
  /** Folder of the append-only file; made if it is missing. */
  readonly dir: string;
  readonly logFile?: string;
  /** Unless set, a free one. */
  readonly port?: number;
  /** Unless set, a random one. */
  readonly password?: string;
  /** How many logical databases; 16 unless set. */
  readonly databases?: number;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

const stopSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/**
 * Starts a real Redis on 127.0.0.1 with append-only persistence, as the queue needs it in production,
 * and resolves when it answers.
 *
 * @throws RedisMissing when no Redis server is to be had; ProcessFailed when it does not start.
 */
export async function startRedis(options: StartRedisOptions): Promise<ServerHandle> {
  const binary = await findRedis({ log: options.log ?? (() => {}), signal: options.signal });
  options.signal?.throwIfAborted();
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const password = options.password ?? randomPassword();
  const logFile = options.logFile ?? path.join(options.dir, 'redis.log');
  const server = await startProcess({
    name: 'redis',
    command: binary.file,
    args: ['-'],
    env: {
      PATH: environment()['PATH'],
      ...(binary.libraryPath !== undefined && { LD_LIBRARY_PATH: binary.libraryPath }),
    },
    // By standard input, because a command line shows the password to every user of the machine.
    stdin: configuration(options, port, password),
    logFile,
    onSpawn: options.onSpawn,
  });
  let ready = false;
  try {
    ready = await waitUntil(() => server.exit !== undefined || answers(port, password), {
      timeoutMs: 30_000,
      everyMs: 20,
      signal: options.signal,
    });
  } finally {
    if (!ready) await server.stop(stopSteps);
  }
  if (!ready || server.exit !== undefined) {
    throw new ProcessFailed(
      `Redis did not start on port ${port}. Its log says:\n${logTail(logFile)}`,
    );
  }
  return {
    url: `redis://default:${password}@127.0.0.1:${port}`,
    port,
    pid: server.pid,
    process: server,
    async stop(hurry) {
      await server.stop(stopSteps, hurry);
    },
  };
}

function configuration(options: StartRedisOptions, port: number, password: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(path.resolve(options.dir))}`,
    `databases ${options.databases ?? 16}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // Evicting a queue's keys would lose jobs; refusing writes only delays them.
    'maxmemory-policy noeviction',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n');
}

/** True when a Redis on this port takes the password and has loaded its data. */
function answers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let reply = '';
    const end = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.setEncoding('utf8').on('data', (text) => {
      reply += text;
      if (reply.includes('+PONG')) end(true);
      else if (reply.includes('\r\n-') || reply.startsWith('-')) end(false);
    });
    socket.write(`AUTH ${password}\r\nPING\r\n`);
  });
}
