import { serviceHeaders } from '@kasabi/http';
import type { Request } from 'express';

/**
 * How this service reaches the api service.
 *
 * @param url its address, without a trailing slash.
 * @param secret the secret by which the two services recognize each other. Without it, the api service treats this one
 *   like any other client, and counts everything that comes through it as from one address.
 */
export function createApi(url: string, secret: string | undefined) {
  return {
    url,
    /** The headers for a forwarded request: with the secret, its id and its client's address. */
    headersFor: (request: Request): Readonly<Record<string, string>> =>
      secret === undefined
        ? {}
        : {
            'X-Request-Id': request.id,
            [serviceHeaders.secret]: secret,
            [serviceHeaders.clientAddress]: request.address,
          },
  };
}

export type Api = ReturnType<typeof createApi>;
