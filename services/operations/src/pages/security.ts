import type { Request, RequestHandler } from 'express';
import { ForeignForm } from './errors.ts';

/**
 * What a page of operations may load: files of this service, and nothing that is written into the page
 * itself, neither script nor style.
 */
const directives = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
} as const;

/** The Content-Security-Policy of the pages, with other values for some of its directives. */
export const contentSecurityPolicy = (
  other: Partial<Record<keyof typeof directives, string>> = {},
): string =>
  Object.entries({ ...directives, ...other })
    .map((directive) => directive.join(' '))
    .join('; ');

/** The headers of every answer below `/ops`. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': contentSecurityPolicy(),
    'Cache-Control': 'no-store',
    'X-Robots-Tag': 'noindex',
    // With helmet's no-referrer, a browser says Origin: null of a form that comes from here.
    'Referrer-Policy': 'same-origin',
  });
  next();
};

/**
 * Refuses what another site makes a browser send. Every browser of today says where a request comes
 * from; of an older one, and behind a proxy that drops that header, Origin has to name this host.
 *
 * @throws ForeignForm
 */
export function requireOwnForm(request: Request): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return;
    throw new ForeignForm();
  }
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) throw new ForeignForm();
}
