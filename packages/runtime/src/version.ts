import { readFileSync } from 'node:fs';

/** The version of the product, from the root's package.json. All services have the same one. */
export const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };
