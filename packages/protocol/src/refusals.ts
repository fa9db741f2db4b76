import type { Refusal } from '@kasabi/domain';
import { type ApiError, DatasetNotFound, JobNotFound, Unauthorized } from './errors.ts';

/** What a client is answered for a refusal; `datasetCode` is what its path names, if that can be a short code. */
export function refusalOf(refusal: Refusal, datasetCode: string | undefined): ApiError {
  switch (refusal) {
    case 'refused':
      return new Unauthorized();
    case 'dataset-unknown':
      return new DatasetNotFound(datasetCode);
    case 'job-unknown':
      return new JobNotFound(datasetCode);
  }
}
