import { existsSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, runCommand, type Unpacked, unpackedProgram } from '@kasabi/local';
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
 * Finds Prometheus, once for all of a process: the program that PROMETHEUS names, one on the PATH, the one unpacked
 * earlier, or one unpacked now from the distribution's packages into the project's cache folder, without touching the
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
  return await unpackedProgram({
    name: 'prometheus',
    packages: ['prometheus'],
    log: () => undefined,
    binaryIn,
    version,
    missing: (reason) => new PrometheusMissing(reason),
  });
}

const binaryIn = ({ root }: Unpacked): PrometheusBinary =>
  beside(path.join(root, 'usr', 'bin', 'prometheus'));

// It is one static program, which needs no library of its package's.
function version({ prometheus }: PrometheusBinary): Promise<string> {
  return runCommand(prometheus, ['--version'], { env: environment() });
}
