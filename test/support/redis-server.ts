import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findRedis, freePort, type ManagedProcess, startProcess } from '@kasabi/local';
import { Redis } from 'ioredis';
import { environment } from './env.ts';
import type { Runnable } from './newer-debian.ts';
import { waitFor } from './wait-for.ts';

/** A Redis server, or a sentinel, that a test kills, freezes and starts again at its port. */
export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  /** Starts it with what its folder holds. */
  start(): Promise<void>;
  /** SIGTERM: it writes what it has to write. */
  stop(): Promise<void>;
  /** SIGKILL: nothing is said to anybody. */
  kill(): Promise<void>;
  /** SIGSTOP: its sockets stay open, and nobody is answered. */
  freeze(): void;
  thaw(): void;
  /** Sends a command by a connection of its own. */
  command(...words: readonly [string, ...string[]]): Promise<unknown>;
}

export interface RedisServerOptions {
  /** Where it keeps its configuration and its data. */
  readonly folder: string;
  readonly password: string;
  /** Lines of `redis.conf`, besides the port, the folder and the password. */
  readonly configuration: readonly string[];
  readonly port?: number;
  readonly sentinel?: boolean;
  /** The server program; the one that `npm start` uses unless set. */
  readonly program?: Runnable;
  /** How its own port is reached with TLS. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly onSpawn?: (process: ManagedProcess) => void;
}

type RedisProgram = Runnable & { readonly libraryPath?: string | undefined };

async function usualProgram(): Promise<RedisProgram> {
  const { file, libraryPath } = await findRedis({ log: () => undefined });
  return { command: file, args: [], libraryPath };
}

/** Starts one, and resolves when it answers. */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { folder, password, tls, sentinel = false } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const program: RedisProgram = options.program ?? (await usualProgram());
  // A file, because sentinels write to it.
  const configuration = path.join(folder, 'redis.conf');
  writeFileSync(
    configuration,
    [
      'bind 127.0.0.1',
      ...(tls === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`]),
      `dir ${folder}`,
      `requirepass ${password}`,
      ...(sentinel ? [] : ['appendonly yes', 'save ""', `masterauth ${password}`]),
      ...options.configuration,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  let running: ManagedProcess | undefined;

  async function command(...[name, ...words]: readonly [string, ...string[]]): Promise<unknown> {
    const client = new Redis({
      ...{ port, host: '127.0.0.1', password, maxRetriesPerRequest: 0, commandTimeout: 2_000 },
      ...{ retryStrategy: () => null, enableReadyCheck: false, ...(tls && { tls }) },
    });
    // The command rejects as well.
    client.on('error', () => undefined);
    try {
      return await client.call(name, ...words);
    } finally {
      client.disconnect();
    }
  }

  async function start(): Promise<void> {
    const { PATH, TEST_RUN_ID } = environment();
    running = await startProcess({
      name: sentinel ? 'sentinel' : 'redis',
      command: program.command,
      args: [...program.args, configuration, ...(sentinel ? ['--sentinel'] : [])],
      env: {
        PATH,
        TEST_RUN_ID,
        ...(program.libraryPath !== undefined && { LD_LIBRARY_PATH: program.libraryPath }),
      },
      logFile: path.join(folder, 'redis.log'),
      onSpawn: options.onSpawn,
    });
    await waitFor(async () => (await command('PING').catch(() => '')) === 'PONG', {
      what: `the Redis on port ${port} to answer`,
      timeoutMs: 30_000,
    });
  }

  const signal = (name: NodeJS.Signals): void => {
    if (running !== undefined && running.exit === undefined) process.kill(running.pid, name);
  };
  await start();
  return {
    ...{ port, folder },
    start,
    command,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      signal('SIGTERM');
      await running?.exited;
    },
    async kill() {
      // Ends a frozen process, too.
      signal('SIGKILL');
      await running?.exited;
    },
  };
}
