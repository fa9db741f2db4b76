import { type Access, authorize } from '@kasabi/accounts';
import { isAbout } from '@kasabi/http';
import { refusalOf } from '@kasabi/protocol';
import type { Request } from 'express';
import type pg from 'pg';
import type { KnownKeys } from './known-keys.ts';

/**
 * Returns what `read` does. When that throws, the key is checked before the error is told, in a statement that
 * valid requests never need: a caller without a good key learns nothing about the request either.
 *
 * @param first what a caller with a good key is told first: that the dataset is not there, or what is wrong
 *   with the request.
 * @throws Unauthorized, DatasetNotFound, or what `read` throws.
 */
export type KeyFirst = <T>(
  request: Request,
  access: Access,
  first: 'dataset' | 'request',
  read: () => T,
) => Promise<T>;

export function createKeyFirst(pool: pg.Pool, knownKeys: KnownKeys): KeyFirst {
  return async (request, access, first, read) => {
    try {
      return read();
    } catch (problem) {
      const { outcome } = await authorize(pool, access);
      if (outcome === 'refused') throw refusalOf(outcome, access.datasetCode);
      knownKeys.add(access.keyDigest);
      if (outcome === 'owner') isAbout(request, access.datasetCode);
      else if (first === 'dataset') throw refusalOf(outcome, access.datasetCode);
      throw problem;
    }
  };
}
