import { readFileSync } from 'node:fs';

/** The version of the product, which the root's package.json has; all of its services have this one. */
export const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };
