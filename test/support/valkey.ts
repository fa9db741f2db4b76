import { findOnPath } from '@kasabi/local';
import { environment } from './env.ts';
import { type Runnable, unpackNewer } from './newer-debian.ts';

/** There is no Valkey, and none can be unpacked. */
export class ValkeyMissing extends Error {
  readonly code = 'valkey-missing';
}

/**
 * Finds the Valkey server: the one that VALKEY names, one on the PATH, or one unpacked from Debian's packages.
 *
 * @throws ValkeyMissing
 */
export async function findValkey(log: (line: string) => void): Promise<Runnable> {
  const { VALKEY, PATH = '' } = environment();
  const command = VALKEY ?? findOnPath('valkey-server', PATH);
  if (command !== undefined) return { command, args: [] };
  return await unpackNewer({
    name: 'valkey',
    file: 'usr/bin/valkey-server',
    packages: ['valkey-server', 'valkey-tools', ...libraries],
    log,
    missing: (reason) => new ValkeyMissing(`There is no Valkey: ${reason}.`),
  });
}

const libraries = ['libatomic1', 'libjemalloc2', 'liblzf1', 'libssl3t64', 'libsystemd0'];
