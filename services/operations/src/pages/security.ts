import type { Request, RequestHandler } from 'express';
import { ForeignForm } from './errors.ts';

/**
 * What a page may load: files of this service. Scripts and styles that are written into the page itself are not
 * allowed.
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

/** Sets the headers of every answer below `/ops`. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': contentSecurityPolicy(),
    'Cache-Control': 'no-store',
    'X-Robots-Tag': 'noindex',
    // With helmet's no-referrer, browsers send Origin: null with our own forms.
    'Referrer-Policy': 'same-origin',
  });
  next();
};

/**
 * Refuses requests that another site makes a browser send. Current browsers say where a request comes from; with older
 * ones, and behind a proxy that drops that header, Origin has to name this host.
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
