import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * What a page of ours may load: its own styles and nothing else. Without upgrade-insecure-requests, which
 * breaks links between pages where no TLS stands in front.
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
 * helmet's headers, by name and value. They are the same for every answer, so helmet is asked once.
 *
 * @param https whether browsers are told to come by https alone from now on: of this host, for its
 *   subdomains may be anybody's. Said over http it would mean nothing (RFC 6797).
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
