import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What starts servers and services, or needs those of the run. */
const servers = /^test\/support\/(database|redis|servers|service)\.ts$/;

/**
 * True for a test file that starts no process and needs no server: neither it nor what it imports by a path or
 * from the test support imports `node:child_process`, or what starts servers. `npm run test:unit` gives its files no server,
 * so one that is taken for a unit test by mistake fails there.
 */
export function isUnitTest(root: string, file: string, seen = new Set<string>()): boolean {
  if (servers.test(file)) return false;
  if (seen.has(file)) return true;
  seen.add(file);
  const imported = [
    ...readFileSync(path.join(root, file), 'utf8').matchAll(/^(?:import|export|\}).*'([^']+)';$/gm),
  ].map(([, name = '']) => name);
  return imported.every((name) => {
    const next = name.startsWith('.')
      ? path.posix.join(path.dirname(file), name)
      : /^@kasabi\/test\/support/.test(name)
        ? `${name.replace(/^@kasabi\//, '').replace(/support$/, 'support/index')}.ts`
        : undefined;
    if (next === undefined) return name !== 'node:child_process';
    return !/\.[cm]?ts$/.test(next) || isUnitTest(root, next, seen);
  });
}
