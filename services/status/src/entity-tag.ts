import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** The ETag of a representation: a digest of its bytes. */
export function entityTag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/** Whether the client's `If-None-Match` names this representation (RFC 9110, section 13.1.2). */
export function isFresh(request: Request, tag: string): boolean {
  const asked = request.headers['if-none-match'];
  if (asked === undefined) return false;
  return asked.split(',').some((part) => {
    const candidate = part.trim();
    return candidate === '*' || candidate === tag || candidate === `W/${tag}`;
  });
}
