import type { Row } from '../support/result.ts';
import { createWorld } from '../support/world.ts';
import { alternate, costOf, httpRequest, type Side } from './http.ts';
import type { Part } from './part.ts';

// As clients sent it: their own clock's now, which is past when it arrives. No worker runs on either side,
// so what is measured is accepting: record and queue, not the jobs.
const body = JSON.stringify({ jobType: 'reset', startTime: '2020-02-29T12:00:00Z' });

/** POST of jobs: the product with key, ownership and durable record, against Express without any of it. */
export const accept: Part = async (context) => {
  const world = await createWorld(context.servers, { ...context, name: 'accept', datasets: 100 });
  try {
    const requests = world.datasets.map((code) =>
      httpRequest('POST', `/dataset/${code}/jobs`, world.key, body),
    );
    const side = { requests, expect: 202 };
    const sides: Side[] = [
      { ...side, name: 'product', server: await world.product('api') },
      { ...side, name: 'fair', server: await world.baseline('fair', true) },
      { ...side, name: 'naive', server: await world.baseline('naive', true) },
      { ...side, name: 'bare', server: await world.baseline('bare', true) },
    ];
    const { saturated, steady, rate } = await alternate(context, sides, ['product', 'naive']);
    const throughput = (name: string): number[] =>
      (saturated[name] ?? []).map((load) => load.perSecond);
    const p99 = (name: string): number[] => (steady[name] ?? []).map((load) => load.p99);
    const row = { part: 'accept', product: throughput('product'), comparison: 'ratio' } as const;
    const rows: Row[] = [
      {
        ...row,
        ...{ what: 'jobs accepted, 64 connections', unit: '/s' },
        baseline: { name: 'naive', values: throughput('naive') },
        target: { bound: 'at least', value: 1 },
        note: `µs of processor a request: product ${costOf(saturated['product'])}; naive ${costOf(saturated['naive'])}`,
      },
      {
        ...row,
        ...{ what: 'jobs accepted, 64 connections', unit: '/s' },
        baseline: { name: 'bare', values: throughput('bare') },
        target: { bound: 'at least', value: 0.8 },
        note: `µs of processor a request: bare ${costOf(saturated['bare'])}`,
      },
      {
        ...row,
        ...{ what: `p99 at ${rate} requests a second`, unit: 'ms', product: p99('product') },
        baseline: { name: 'naive', values: p99('naive') },
        target: { bound: 'at most', value: 1 },
        note: 'both at 70 % of the slower one, counted from when a request was to be sent',
      },
    ];
    return rows;
  } finally {
    await world.stop();
  }
};
