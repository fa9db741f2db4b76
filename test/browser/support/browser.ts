import { type Browser, chromium } from 'playwright-core';
import { environment } from '../../support/env.ts';
import { findChromium } from './chromium.ts';

/** The sizes that the pages are looked at in, in CSS pixels. */
export const sizes = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 360, height: 780 },
} as const;

/** Starts a headless Chromium; whoever does closes it. */
export async function launchBrowser(): Promise<Browser> {
  const binary = await findChromium((line) => process.stderr.write(`${line}\n`));
  return await chromium.launch({
    executablePath: binary.file,
    // TEST_RUN_ID among it, by which the runner finds what a test left behind.
    env: { ...environment(), ...binary.env } as Record<string, string>,
    args: ['--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });
}
