import { createProbe, describeSick, PoolerInTheWay } from '@kasabi/postgres';
import type { AdminSettings } from '../env.ts';
import { type Check, judge } from './check.ts';

/**
 * Checks the pooler that DATABASE_URL leads to, with the login of a service. Everything else needs a session of the
 * primary itself.
 */
export async function examinePooler({ DATABASE_URL: url }: AdminSettings): Promise<{
  checks: readonly Check[];
  findings: readonly [];
}> {
  const probe = createProbe({
    ...{ url, target: 'any', applicationName: 'kasabi-doctor', writes: false, pools: [] },
  });
  try {
    const sick = await probe.check();
    const pooler =
      sick === undefined
        ? judge('pooler', 'The pooler keeps prepared statements, and the role has its time limits')
        : judge('pooler', `Postgres ${sick.what}`, {
            status: 'fail',
            todo: describeSick(sick.state).todo,
          });
    const rest = judge('postgres', 'Nothing else was checked', {
      status: 'fail',
      todo: new PoolerInTheWay().message,
    });
    return { checks: [pooler, rest], findings: [] };
  } finally {
    await probe.close();
  }
}
