import type { Request } from 'express';
import { FormInvalid } from './errors.ts';

/**
 * The fields of a form that `readBody` has read; none if the body is not a form. If a field comes twice, `get` returns
 * the first value.
 */
export function formOf(request: Request): URLSearchParams {
  const body: unknown = request.body;
  const isForm = Boolean(request.is('application/x-www-form-urlencoded'));
  return new URLSearchParams(isForm && Buffer.isBuffer(body) ? body.toString('utf8') : '');
}

/**
 * Checks a text of a form, for Postgres to store.
 *
 * @param most the greatest length, in characters.
 * @throws FormInvalid
 */
export function checkText(name: string, text: string, most: number): string {
  // Postgres accepts no NUL in a text.
  if (text.length > most || text.includes('\0')) {
    throw new FormInvalid(`The ${name} must have at most ${most} characters.`);
  }
  return text;
}
