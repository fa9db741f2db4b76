import type { Request } from 'express';

/**
 * The fields of a form that `readBody` has read; none when the body is no form. Of a field that comes
 * twice, `get` has the first value.
 */
export function formOf(request: Request): URLSearchParams {
  const body: unknown = request.body;
  const isForm = Boolean(request.is('application/x-www-form-urlencoded'));
  return new URLSearchParams(isForm && Buffer.isBuffer(body) ? body.toString('utf8') : '');
}
