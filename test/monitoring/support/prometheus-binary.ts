import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  CommandFailed,
  findOnPath,
  findUnpacked,
  hasApt,
  projectRoot,
  runCommand,
  unpackPackages,
} from '@kasabi/local';
import { environment } from '../../support/env.ts';

/** Prometheus and the tool that checks its files. */
export interface PrometheusBinary {
  readonly prometheus: string;
  readonly promtool: string;
}

/** There is no Prometheus, and none to be had. */
export class PrometheusMissing extends Error {
  readonly code = 'prometheus-missing';
  constructor(reason: string) {
    super(
      `The tests of the alerts need Prometheus, and ${reason}. Install the package prometheus, or set PROMETHEUS to the program, with promtool beside it.`,
    );
  }
}

const beside = (prometheus: string): PrometheusBinary => ({
  prometheus,
  promtool: path.join(path.dirname(prometheus), 'promtool'),
});

let found: Promise<PrometheusBinary> | undefined;

/**
 * Finds Prometheus, once for all of a process: the program that PROMETHEUS names, one on the PATH, the one unpacked earlier, or one
 * unpacked now from the distribution's packages into the project's cache folder, without touching the
 * system.
 *
 * @throws PrometheusMissing
 */
export function findPrometheus(): Promise<PrometheusBinary> {
  found ??= find();
  return found;
}

async function find(): Promise<PrometheusBinary> {
  const { PROMETHEUS, PATH = '' } = environment();
  if (PROMETHEUS) {
    const binary = beside(PROMETHEUS);
    const lacking = Object.values(binary).find((file) => !existsSync(file));
    if (lacking === undefined) return binary;
    throw new PrometheusMissing(`PROMETHEUS is ${PROMETHEUS}, but ${lacking} is not there`);
  }
  const [prometheus, promtool] = [findOnPath('prometheus', PATH), findOnPath('promtool', PATH)];
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const cacheDir = path.join(projectRoot, '.cache');
  const name = `prometheus-${process.arch}`;
  const kept = findUnpacked(cacheDir, name);
  if (kept !== undefined) {
    const binary = binaryIn(kept.root);
    if (await version(binary).catch(() => undefined)) return binary;
    // Damaged, or carried here from another system.
    rmSync(kept.root, { recursive: true });
  }
  if (!hasApt(PATH)) throw new PrometheusMissing('this system has no apt-get to unpack one with');
  try {
    mkdirSync(cacheDir, { recursive: true });
    const packages = ['prometheus'];
    const binary = binaryIn(
      (await unpackPackages({ cacheDir, name, packages, log: () => undefined })).root,
    );
    await version(binary);
    return binary;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new PrometheusMissing(`unpacking one failed: ${error.message}`);
  }
}

const binaryIn = (root: string): PrometheusBinary =>
  beside(path.join(root, 'usr', 'bin', 'prometheus'));

// It is one static program, which needs no library of its package's.
function version({ prometheus }: PrometheusBinary): Promise<string> {
  return runCommand(prometheus, ['--version'], { env: environment() });
}
