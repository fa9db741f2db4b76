import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, runCommand, type Unpacked, unpackedProgram } from '@kasabi/local';
import { environment } from '../../support/env.ts';

/** A Chromium and the environment that it needs beside ours. */
export interface ChromiumBinary {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

/** There is no Chromium, and none to be had. */
export class ChromiumMissing extends Error {
  readonly code = 'chromium-missing';
  constructor(reason: string) {
    super(
      `The tests of the operations page need Chromium, and ${reason}. Install the package chromium, or set CHROMIUM to the program.`,
    );
  }
}

// Fonts and their configuration as well: a browser without any draws no text.
const packages = [
  'chromium',
  'chromium-common',
  'fontconfig-config',
  'fonts-dejavu-core',
  'libnss3',
];

/**
 * Finds Chromium: the program that CHROMIUM names, one on the PATH, the one unpacked earlier, or one
 * unpacked now from the distribution's packages into the project's cache folder, without touching the
 * system.
 *
 * @throws ChromiumMissing
 */
export async function findChromium(log: (line: string) => void): Promise<ChromiumBinary> {
  const { CHROMIUM, PATH = '' } = environment();
  if (CHROMIUM) {
    if (existsSync(CHROMIUM)) return { file: CHROMIUM, env: {} };
    throw new ChromiumMissing(`CHROMIUM names ${CHROMIUM}, which is not there`);
  }
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const file = findOnPath(name, PATH);
    if (file !== undefined) return { file, env: {} };
  }
  return await unpackedProgram({
    name: 'chromium',
    packages,
    log,
    binaryIn,
    version,
    missing: (reason) => new ChromiumMissing(reason),
  });
}

function binaryIn({ root, libraryPath }: Unpacked): ChromiumBinary {
  const configuration = path.join(root, 'fonts.conf');
  if (!existsSync(configuration)) {
    const fonts = [path.join(root, 'usr/share/fonts'), '/usr/share/fonts'];
    writeFileSync(
      configuration,
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${fonts.map((it) => `<dir>${it}</dir>`).join('')}<cachedir>${root}/fonts-cache</cachedir></fontconfig>`,
    );
  }
  return {
    file: path.join(root, 'usr/lib/chromium/chromium'),
    env: { LD_LIBRARY_PATH: libraryPath, FONTCONFIG_FILE: configuration },
  };
}

function version({ file, env }: ChromiumBinary): Promise<string> {
  return runCommand(file, ['--version'], { env: { ...environment(), ...env } });
}
