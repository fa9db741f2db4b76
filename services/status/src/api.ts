import { serviceHeaders } from '@kasabi/http';
import type { Request } from 'express';

/** How this service reaches the api service. */
export interface Api {
  /** Its address, without a trailing slash. */
  readonly url: string;
  /** The headers for a forwarded request: with the secret, its id and its client's address. */
  headersFor(request: Request): Readonly<Record<string, string>>;
}

/**
 * @param secret the secret by which the two services recognize each other. Without it, the api service treats this one
 *   like any other client, and counts everything that comes through it as from one address.
 */
export function createApi(url: string, secret: string | undefined): Api {
  return {
    url,
    headersFor: (request) =>
      secret === undefined
        ? {}
        : {
            'X-Request-Id': request.id,
            [serviceHeaders.secret]: secret,
            [serviceHeaders.clientAddress]: request.address,
          },
  };
}
