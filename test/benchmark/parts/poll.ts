import type { Row } from '../support/result.ts';
import { median } from '../support/statistics.ts';
import { createWorld } from '../support/world.ts';
import { costOf, httpRequest, type Side, saturate, takeTurns, throughput } from './http.ts';
import type { Part } from './part.ts';

const jobs = 10_000;

// Half of the records wait for their time, which is beyond the run's end, half have ended.
const insert = `
  INSERT INTO kasabi.job AS j (dataset_id, type, status, created, start_time, due, started, end_time,
                               attempt, requested_by)
  SELECT n % (SELECT count(*) FROM kasabi.dataset) + 1, 'reset',
         CASE WHEN ended THEN 'completed' ELSE 'scheduled' END, asked, start, start,
         CASE WHEN ended THEN start END, CASE WHEN ended THEN start + interval '1 second' END,
         CASE WHEN ended THEN 1 ELSE 0 END, k.id
  FROM generate_series(1, $1) AS n
  CROSS JOIN LATERAL (SELECT n % 2 = 0 AS ended, now() - interval '1 day' AS asked) AS kind
  CROSS JOIN LATERAL (
    SELECT CASE WHEN ended THEN asked + interval '1 hour' ELSE now() + interval '1 day' END AS start
  ) AS times
  CROSS JOIN kasabi.api_key k
  RETURNING id, status, (SELECT code FROM kasabi.dataset d WHERE d.id = j.dataset_id) AS code`;

/** GET of a job: the product with key and ownership, against Express and one SELECT by primary key. */
export const poll: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'poll', datasets: 100 });
  try {
    const { rows: made } = await world.pool.query<{ id: string; status: string; code: string }>(
      insert,
      [jobs],
    );
    await world.pool.query('VACUUM ANALYZE kasabi.job');
    const requestsOf = (status: string): string[] =>
      made
        .filter((job) => job.status === status)
        .map((job) => httpRequest('GET', `/data/${job.code}/jobs/${job.id}`, world.key));
    const [product, baseline] = [await world.product('status'), await world.baseline('poll', true)];
    const rows: Row[] = [];
    for (const status of ['scheduled', 'completed']) {
      const side = { requests: requestsOf(status), expect: 200 };
      const sides: Side[] = [
        { ...side, name: 'product', server: product },
        { ...side, name: 'SELECT', server: baseline },
      ];
      const saturated = await saturate(context, sides);
      const [own, others] = [throughput(saturated, 'product'), throughput(saturated, 'SELECT')];
      const rate = Math.round(0.7 * Math.min(median(own), median(others)));
      const steady = await takeTurns(context, sides, rate);
      const p99 = (name: string): number[] => (steady[name] ?? []).map((load) => load.p99);
      const row = { part: 'poll', comparison: 'ratio' } as const;
      rows.push(
        {
          ...row,
          ...{ what: `GETs of ${status} jobs, 64 connections`, unit: '/s' },
          product: own,
          baseline: { name: 'SELECT', values: others },
          target: { bound: 'at least', value: 2 },
          note: `µs of processor a request: product ${costOf(saturated['product'])}; SELECT ${costOf(saturated['SELECT'])}`,
        },
        {
          ...row,
          ...{ what: `p99 at ${rate} GETs of ${status} jobs a second`, unit: 'ms' },
          product: p99('product'),
          baseline: { name: 'SELECT', values: p99('SELECT') },
        },
      );
    }
    return rows;
  } finally {
    await world.stop();
  }
};
