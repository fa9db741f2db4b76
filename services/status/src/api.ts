import { serviceHeaders } from '@kasabi/http';
import type { Request } from 'express';

/** The api service, as this one reaches it. */
export interface Api {
  /** Its address, without a trailing slash. */
  readonly url: string;
  /** The headers that say whose request is passed on: its id, and with the secret its client's address. */
  headersFor(request: Request): Readonly<Record<string, string>>;
}

/**
 * @param secret what the two services know each other by. Without it the api service takes this one for a
 *   client like any other, and counts all that comes through it as from one address.
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
