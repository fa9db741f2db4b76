import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { methodNotAllowed } from '@kasabi/http';
import type { Router } from 'express';

const require = createRequire(import.meta.url);
/** The folder is beside both `src` and `dist`. */
const own = (name: string): URL => new URL(`../../assets/${name}`, import.meta.url);

/** The style sheets, in order: later ones override earlier ones. */
export const styleSheets = [
  'base.css',
  'bar.css',
  'panels.css',
  'tables.css',
  'charts.css',
  'forms.css',
  'screens.css',
] as const;

const sources = {
  'icon.svg': ['image/svg+xml', own('icon.svg')],
  'live.js': ['text/javascript', own('live.js')],
  'idiomorph.js': ['text/javascript', require.resolve('idiomorph/dist/idiomorph.esm.js')],
} as const;

type AssetName = (typeof styleSheets)[number] | keyof typeof sources;

/**
 * Serves the files that the pages load. They are read once, when the service starts. The scripts import each other by
 * name, so all addresses have the same version, which is made from all files.
 */
export function addAssets(router: Router, base: string) {
  const files = [
    ...styleSheets.map((name) => [name, ['text/css', own(name)]] as const),
    ...Object.entries(sources),
  ].map(([name, [type, file]]) => ({ name, type, body: readFileSync(file) }));
  const hash = createHash('sha256');
  for (const { body } of files) hash.update(body);
  const version = hash.digest('base64url').slice(0, 12);
  for (const { name, type, body } of files) {
    router
      .route(`/assets/${version}/${name}`)
      .get((_request, response) => {
        response
          .set({
            'Content-Type': `${type}; charset=utf-8`,
            'Cache-Control': 'public, max-age=31536000, immutable',
          })
          .send(body);
      })
      .all(methodNotAllowed('GET', 'HEAD'));
  }
  return {
    /** The address of a file; it changes when the file does. */
    url: (name: AssetName): string => `${base}/assets/${version}/${name}`,
  };
}

export type Assets = ReturnType<typeof addAssets>;
