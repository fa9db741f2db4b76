import type { JobRecord } from '@kasabi/jobs';
import {
  formatDateTime,
  type JobDocument,
  legacyStatuses,
  type SuccessStatus,
} from '@kasabi/protocol';

/** A job as clients see it; `successStatus` is the word for `completed`. */
export function jobDocumentOf(job: JobRecord, successStatus: SuccessStatus): JobDocument {
  return {
    created: formatDateTime(job.created),
    startTime: formatDateTime(job.startTime),
    endTime: job.endTime === null ? null : formatDateTime(job.endTime),
    status: job.status === 'completed' ? successStatus : job.status,
    jobStatus: legacyStatuses[job.status],
    jobType: job.type,
    dataset: job.dataset,
    attempt: job.attempt,
    message: job.message,
  };
}
