import type { Request } from 'express';
import { FormInvalid } from './errors.ts';

/**
 * The fields of a form that `readBody` has read; none when the body is no form. Of a field that comes
 * twice, `get` has the first value.
 */
export function formOf(request: Request): URLSearchParams {
  const body: unknown = request.body;
  const isForm = Boolean(request.is('application/x-www-form-urlencoded'));
  return new URLSearchParams(isForm && Buffer.isBuffer(body) ? body.toString('utf8') : '');
}

/**
 * A text of a form, as Postgres takes it.
 *
 * @param most its greatest length, in characters.
 * @throws FormInvalid
 */
export function checkText(name: string, text: string, most: number): string {
  // Postgres takes no NUL in a text.
  if (text.length > most || text.includes('\0')) {
    throw new FormInvalid(`The ${name} must have at most ${most} characters.`);
  }
  return text;
}
