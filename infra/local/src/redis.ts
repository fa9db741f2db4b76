import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { environment } from './env.ts';
import type { ManagedProcess } from './managed-process.ts';
import { freePort } from './ports.ts';
import { handleOf, type ServerHandle, startUntilReady } from './ready-process.ts';
import { findRedis } from './redis-binary.ts';
import { randomPassword } from './secrets.ts';

export interface StartRedisOptions {
  /** The folder of the append-only file; created if it does not exist. */
  readonly dir: string;
  readonly logFile?: string;
  /** A free one unless set. */
  readonly port?: number;
  /** A random one unless set. */
  readonly password?: string;
  /** How many logical databases; 16 unless set. */
  readonly databases?: number;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

/**
 * Starts a real Redis on 127.0.0.1 with append-only persistence, which the queue needs in production too, and resolves
 * when it answers.
 *
 * @throws RedisMissing if no Redis server can be found or unpacked; ProcessFailed if it does not start.
 */
export async function startRedis(options: StartRedisOptions): Promise<ServerHandle> {
  const { dir, signal, onSpawn, log = () => {} } = options;
  const { file, libraryPath } = await findRedis({ log, signal });
  signal?.throwIfAborted();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const password = options.password ?? randomPassword();
  const server = await startUntilReady({
    name: 'redis',
    command: file,
    args: ['-'],
    env: {
      PATH: environment()['PATH'],
      ...(libraryPath !== undefined && { LD_LIBRARY_PATH: libraryPath }),
    },
    // On standard input, because a command line would show the password to every user of the machine.
    stdin: configuration(options, port, password),
    logFile: options.logFile ?? path.join(dir, 'redis.log'),
    onSpawn,
    isReady: () => answers(port, password),
    readyWithinMs: 30_000,
    signal,
  });
  return handleOf(server, `redis://default:${password}@127.0.0.1:${port}`);
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

/** Whether a Redis on this port accepts the password and has loaded its data. */
function answers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let reply = '';
    const end = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    for (const event of ['error', 'close', 'timeout']) socket.once(event, () => end(false));
    socket.setTimeout(2_000);
    socket.setEncoding('utf8').on('data', (text) => {
      reply += text;
      if (reply.includes('+PONG')) end(true);
      else if (/^-/m.test(reply)) end(false);
    });
    socket.write(`AUTH ${password}\r\nPING\r\n`);
  });
}
