import { jobTypes } from '@kasabi/domain';
import { type AcceptRequest, findRestoreSource } from '@kasabi/jobs';
import { FileExpired, InvalidParameter, SourceNotFound } from '@kasabi/protocol';
import type pg from 'pg';

/**
 * Refuses a restore whose source is known to be unusable already. Whether the key is the dataset owner's is for accepting
 * the job to tell.
 *
 * @param known called if it is.
 * @throws SourceNotFound, FileExpired, InvalidParameter
 */
export async function checkSource(
  pool: pg.Pool,
  request: AcceptRequest,
  known: () => void,
): Promise<void> {
  const { source: sourceId } = jobTypes.restore.parameters.parse(request.parameters);
  const source = await findRestoreSource(pool, request, sourceId);
  if (source === undefined) return;
  known();
  const { startTime } = request;
  switch (source.outcome) {
    case 'unknown':
      throw new SourceNotFound();
    case 'expired':
      throw new FileExpired(source.expires);
    case 'no-file':
      throw new InvalidParameter(
        'source',
        source.status === 'scheduled' || source.status === 'running'
          ? `The ${source.type} that source names is still ${source.status}; ask again when it has completed.`
          : `The ${source.type} that source names has made no file: it is ${source.status}.`,
      );
    case 'usable':
      if (startTime !== undefined && startTime.getTime() >= Date.parse(source.file.expires)) {
        throw new InvalidParameter(
          'startTime',
          `The file of the export is kept until ${source.file.expires}; the restore must start before.`,
        );
      }
  }
}
