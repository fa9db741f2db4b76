import { hash } from 'node:crypto';
import type { Request } from 'express';

/** The ETag of a representation: a digest of its bytes. */
export function entityTag(body: string): string {
  return `"${hash('sha256', body, 'base64url').slice(0, 27)}"`;
}

/** Whether the client's `If-None-Match` names this representation (RFC 9110, section 13.1.2). */
export function isFresh(request: Request, tag: string): boolean {
  const asked = request.headers['if-none-match']?.trim();
  if (asked === undefined) return false;
  if (asked === '*') return true;
  const tags = asked.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((candidate) => candidate.replace(/^W\//, '') === tag);
}
