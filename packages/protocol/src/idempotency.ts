import { MalformedRequest } from './errors.ts';

/**
 * The value of an `Idempotency-Key` header. In the IETF draft (draft-ietf-httpapi-idempotency-key-header) it is a
 * quoted string; most clients send it without quotes. Both mean the same key.
 *
 * @throws MalformedRequest if it is empty, longer than 255 characters, or not printable ASCII.
 */
export function parseIdempotencyKey(header: string): string {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new MalformedRequest(
      'The Idempotency-Key must be 1 to 255 printable ASCII characters without spaces, such as a UUID.',
    );
  }
  return key;
}
