import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * What our pages may load: their own styles and images, nothing else. Without upgrade-insecure-requests, which breaks
 * links between pages where there is no TLS.
 */
const contentSecurity = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/**
 * The headers of helmet, names and values. They are the same for every answer, so helmet is called once.
 *
 * @param https whether browsers are told to use only https from now on, for this host but not for its subdomains, which
 *   may belong to others. Over http, browsers ignore that (RFC 6797).
 */
export function securityHeaders(https: boolean): readonly (readonly [string, string])[] {
  const secure = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurity },
    strictTransportSecurity: https && { includeSubDomains: false },
  });
  const headers: (readonly [string, string])[] = [];
  const recorder = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  secure({} as IncomingMessage, recorder as unknown as ServerResponse, (error) => {
    if (error !== undefined) throw error;
  });
  return headers;
}
