import type { Row } from '../support/result.ts';
import { median } from '../support/statistics.ts';
import { createWorld } from '../support/world.ts';
import { measureOpenJobs } from './accept-open-jobs.ts';
import { watchCommits } from './commits.ts';
import { costOf, jobRequest, type Side, saturate, takeTurns, throughput } from './http.ts';
import type { Part, PartContext } from './part.ts';

/** POST of jobs: the product, with all it promises and with its limits, against three ways to do less of it. */
export const accept: Part = async (context) => [
  ...(await measureAccepting(context)),
  ...(await measureOpenJobs(context)),
];

async function measureAccepting(context: PartContext): Promise<Row[]> {
  const world = await createWorld(context.servers, { ...context, name: 'accept', datasets: 100 });
  try {
    const requests = world.datasets.map((code) => jobRequest(code, world.key));
    const side = { requests, expect: 202 };
    const product: Side = { ...side, name: 'product', server: await world.product('api') };
    const sides: Side[] = [
      product,
      { ...side, name: 'fair', server: await world.baseline('fair', true) },
      { ...side, name: 'naive', server: await world.baseline('naive', true) },
      { ...side, name: 'bare', server: await world.baseline('bare', true) },
    ];
    const saturated = await saturate(context, sides);
    const own = throughput(saturated, 'product');
    const row = { part: 'accept', product: own, comparison: 'ratio' } as const;
    const against = (name: string, least?: number): Row => ({
      ...row,
      ...{ what: 'jobs accepted, 64 connections', unit: '/s' },
      baseline: { name, values: throughput(saturated, name) },
      ...(least !== undefined && { target: { bound: 'at least', value: least } }),
      note: `µs of processor a request: product ${costOf(saturated['product'])}; ${name} ${costOf(saturated[name])}`,
    });

    const rate = Math.round(median(own) / 2);
    const commits = await watchCommits(world.pool);
    const steady = await takeTurns(context, [product], rate, commits);
    const p99 = (steady['product'] ?? []).map((load) => load.p99);
    return [
      against('naive', 0.9),
      against('fair', 3),
      against('bare'),
      {
        ...row,
        ...{ what: `p99 at ${rate} requests a second`, unit: 'ms', product: p99 },
        baseline: { name: 'one commit', values: commits.p99s },
        target: { bound: 'at most', value: 3 },
        note: 'half of the capacity, counted from when a request was to be sent; the commits, of one row each, at the same time on the same disk, a hundred a second',
      },
    ];
  } finally {
    await world.stop();
  }
}
