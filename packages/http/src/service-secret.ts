import { hash, timingSafeEqual } from 'node:crypto';

/** Creates a comparison with a secret. It takes equally long whatever is wrong, and for any length. */
export function isSecret(secret: string): (given: string) => boolean {
  const digest = hash('sha256', secret, 'buffer');
  return (given) => timingSafeEqual(hash('sha256', given, 'buffer'), digest);
}
