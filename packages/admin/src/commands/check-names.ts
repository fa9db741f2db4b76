import { OwnerUnknown, ownerExists } from '@kasabi/accounts';
import { getDataset } from '@kasabi/datasets';
import type { JobFilter } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/**
 * An unknown owner or dataset has no jobs either, but a misspelt name must not pass for an empty list.
 *
 * @throws OwnerUnknown, DatasetUnknown
 */
export async function checkNames(
  db: Database,
  { owner, dataset }: Pick<JobFilter, 'owner' | 'dataset'>,
): Promise<void> {
  if (owner !== undefined && !(await ownerExists(db, owner))) throw new OwnerUnknown(owner);
  if (dataset !== undefined) await getDataset(db, dataset);
}
