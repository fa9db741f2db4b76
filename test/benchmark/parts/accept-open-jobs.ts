import type { Row } from '../support/result.ts';
import { createWorld } from '../support/world.ts';
import { jobRequest, run, type Side } from './http.ts';
import type { PartContext } from './part.ts';

/** Datasets with few open jobs, and as many with as many as the default limit lets be: it is 1,000. */
const datasets = 500;
const open = { few: 10, many: 900 } as const;

// Jobs for tomorrow, of the datasets of even and of odd number.
const fill = `
  INSERT INTO kasabi.job (dataset_id, type, created, start_time, due, requested_by)
  SELECT d.id, 'reset', now(), now() + interval '1 day', now() + interval '1 day', 1
  FROM kasabi.dataset d, generate_series(1, CASE d.id % 2 WHEN 0 THEN $1::int ELSE $2::int END)`;

/** The limit on open jobs as shipped: what it costs where there are many of them. */
export async function measureOpenJobs(context: PartContext): Promise<Row[]> {
  const world = await createWorld(context.servers, {
    ...{ ...context, name: 'open_jobs', datasets: 2 * datasets },
  });
  try {
    await world.pool.query(fill, [open.few, open.many]);
    await world.pool.query('VACUUM ANALYZE kasabi.job');
    const server = await world.product('api', { MAX_OPEN_JOBS_PER_DATASET: '1000' });
    const requestsOf = (remainder: number): string[] =>
      world.datasets
        .filter((_, index) => (index + 1) % 2 === remainder)
        .map((code) => jobRequest(code, world.key));
    const sides: Side[] = [
      { name: 'few', server, requests: requestsOf(0), expect: 202 },
      { name: 'many', server, requests: requestsOf(1), expect: 202 },
    ];
    const measured: Record<string, number[]> = { few: [], many: [] };
    // The first round is the warm-up.
    for (let round = 0; round <= context.rounds; round += 1) {
      for (const side of sides) {
        const load = await run(context, side, 'saturate', context.seconds);
        if (round > 0) measured[side.name]?.push(load.perSecond);
        // So that each load finds as many as the first one did.
        await world.pool.query(
          "DELETE FROM kasabi.job WHERE start_time < now() + interval '1 hour'",
        );
      }
    }
    return [
      {
        part: 'accept',
        what: `jobs accepted by datasets with ${open.many} open ones each`,
        unit: '/s',
        product: measured['many'] ?? [],
        baseline: { name: `with ${open.few}`, values: measured['few'] ?? [] },
        comparison: 'ratio',
        target: { bound: 'at least', value: 0.95 },
        note: `${datasets} datasets, at the default limit of 1,000 open jobs`,
      },
    ];
  } finally {
    await world.stop();
  }
}
