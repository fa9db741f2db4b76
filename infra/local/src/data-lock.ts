import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { DataFolderInUse } from './errors.ts';
import { readJson, writePrivateJson } from './private-file.ts';
import { identify, isRunning, type ProcessIdentity } from './processes.ts';

const identitySchema = z.object({ pid: z.number().int(), started: z.string() });

const recordSchema = z.object({
  /** The supervisor that uses the folder. */
  holder: identitySchema,
  since: z.string(),
  /** The processes it has started, oldest first. */
  children: z.array(identitySchema.extend({ name: z.string() })),
});

/** A process that a killed supervisor had started. */
export interface Leftover extends ProcessIdentity {
  readonly name: string;
}

const fileIn = (folder: string): string => path.join(folder, 'stack.lock');

/** The process that uses the folder now, if any. */
export function lockHolder(folder: string): { pid: number; since: string } | undefined {
  const record = recordSchema.safeParse(readJson(fileIn(folder))).data;
  if (record === undefined || !isRunning(record.holder)) return undefined;
  return { pid: record.holder.pid, since: record.since };
}

/**
 * Takes the data folder, which it creates if necessary. It takes over the lock of a holder that was killed; the caller
 * then has to end its leftovers.
 *
 * @throws DataFolderInUse if another running process uses it.
 */
export async function acquireDataLock(folder: string) {
  // Not 0700: for root, Postgres runs as another user, who has to reach its folder inside.
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const mutex = await holdMutex(folder);
  if (mutex === undefined) throw new DataFolderInUse(folder, lockHolder(folder));

  const file = fileIn(folder);
  const previous = recordSchema.safeParse(readJson(file)).data;
  const leftovers = (previous?.children ?? []).filter(isRunning);
  const holder = identify(process.pid) ?? { pid: process.pid, started: '' };
  // Leftovers stay on record until they have ended, in case this supervisor is killed too.
  const record = { holder, since: new Date().toISOString(), children: leftovers };
  writePrivateJson(file, record);

  return {
    file,
    /** Processes that the last holder left running when it was killed. */
    leftovers,
    /** Records a process, in case this supervisor is killed. */
    record({
      name,
      identity,
    }: {
      readonly name: string;
      readonly identity: ProcessIdentity;
    }): void {
      record.children = [...record.children.filter(isRunning), { name, ...identity }];
      writePrivateJson(file, record);
    },
    /** Frees the folder and removes the lock file. */
    async release(): Promise<void> {
      rmSync(file, { force: true });
      await new Promise<void>((resolve) => mutex.close(() => resolve()));
    },
  };
}

/** The right to run a stack on one data folder. */
export type DataLock = Awaited<ReturnType<typeof acquireDataLock>>;

/**
 * Holds a socket in Linux's abstract namespace. The kernel gives its name to one process at a time and frees it when
 * that process ends, so unlike the lock file it cannot go stale.
 */
function holdMutex(folder: string): Promise<Server | undefined> {
  const { dev, ino } = statSync(folder, { bigint: true });
  const name = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path: `\0kasabi-stack-${name}` }, () => resolve(server.unref()));
  });
}
