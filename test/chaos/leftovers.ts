import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { acquireDataLock, endLeftovers, lockHolder } from '@kasabi/local';

/** Ends and removes what runs of the suite that were killed have left in `parent`. */
export async function clearLeftovers(parent: string, log: (line: string) => void): Promise<void> {
  if (!existsSync(parent)) return;
  for (const entry of readdirSync(parent)) {
    const folder = path.join(parent, entry);
    if (!entry.startsWith('chaos-') || lockHolder(folder) !== undefined) continue;
    const lock = await acquireDataLock(folder).catch(() => undefined);
    if (lock === undefined) continue;
    await endLeftovers(lock.leftovers, log);
    rmSync(folder, { recursive: true, force: true });
    await lock.release();
  }
}
