import type { Check } from './health.ts';
import { StartupError } from './startup-error.ts';

/** Postgres is reached through a pooler that would lose accepted jobs. */
export class PoolerUnfit extends StartupError {
  readonly code = 'pooler-unfit';
}

/**
 * Refuses to start behind a pooler that cannot be used. All other states of Postgres pass while a service runs.
 *
 * @throws PoolerUnfit
 */
export async function requireFitPooler(check: Check): Promise<void> {
  const ailment = await check();
  if (ailment?.state === 'pooler-unfit') throw new PoolerUnfit(`Postgres ${ailment.what}.`);
}
