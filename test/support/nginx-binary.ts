import path from 'node:path';
import { findOnPath, runCommand, type Unpacked, unpackedProgram } from '@kasabi/local';
import { environment } from './env.ts';

/** An nginx program, and the libraries that it needs beside the system's. */
export interface NginxBinary {
  readonly file: string;
  /** For LD_LIBRARY_PATH; undefined for an installed program. */
  readonly libraryPath?: string;
}

/** There is no nginx, and none to be had. */
export class NginxMissing extends Error {
  readonly code = 'nginx-missing';
  constructor(reason: string) {
    super(`The tests of the proxy need nginx, and ${reason}. Install the package nginx.`);
  }
}

let found: Promise<NginxBinary> | undefined;

/**
 * Finds nginx, once for all of a process: one on the PATH, the one unpacked earlier, or one unpacked now from the
 * distribution's packages into the project's cache folder, without touching the system.
 *
 * @throws NginxMissing
 */
export function findNginx(): Promise<NginxBinary> {
  found ??= find();
  return found;
}

async function find(): Promise<NginxBinary> {
  const file = findOnPath('nginx', `${environment()['PATH'] ?? ''}:/usr/sbin`);
  if (file !== undefined) return { file };
  return await unpackedProgram({
    name: 'nginx',
    packages: ['nginx'],
    log: () => undefined,
    binaryIn: ({ root, libraryPath }: Unpacked) => ({
      file: path.join(root, 'usr', 'sbin', 'nginx'),
      libraryPath,
    }),
    version: (binary) => runCommand(binary.file, ['-v'], { env: nginxEnvironment(binary) }),
    missing: (reason) => new NginxMissing(reason),
  });
}

/** The environment to run it in; marked as the test run's. */
export function nginxEnvironment({ libraryPath }: NginxBinary): NodeJS.ProcessEnv {
  return {
    TEST_RUN_ID: environment()['TEST_RUN_ID'],
    ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }),
  };
}
