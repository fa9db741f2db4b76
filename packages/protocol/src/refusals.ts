import type { Refusal } from '@kasabi/domain';
import { type ApiError, DatasetNotFound, JobNotFound, Unauthorized } from './errors.ts';

/** The error that a client gets for a refusal; `datasetCode` is the short code in its path, if that is a valid one. */
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
