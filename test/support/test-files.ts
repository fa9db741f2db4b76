import { type Dirent, readdirSync } from 'node:fs';
import path from 'node:path';

/** In the order they run in: those that take long begin early. */
const places = [
  'test/monitoring',
  'test/browser',
  'test/e2e',
  'test/explorer',
  'test/integration',
  'services',
  'packages',
  'infra',
  'test/support',
  'test/chaos',
];
/** Run alone, when a filter names them: what they measure is time. */
const alone = 'test/floods';
const skipped = new Set(['node_modules', 'dist']);

/**
 * The project's test files, relative to its root: those beside the sources, the test
 * support's own, and those below `test`. With filters, those whose path holds one of them. The floods are
 * left out unless a filter names them, and are then alone.
 */
export function findTestFiles(root: string, filters: readonly string[]): string[] {
  return (filters.some((filter) => filter.includes('floods')) ? [alone] : places)
    .flatMap((place) => filesBelow(root, place).sort())
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
}

function filesBelow(root: string, folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(root, file);
    return [file];
  });
}
