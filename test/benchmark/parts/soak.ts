import { applyLoad } from '../support/load.ts';
import type { Running } from '../support/processes.ts';
import type { Row } from '../support/result.ts';
import { median } from '../support/statistics.ts';
import { residentMiB } from '../support/usage.ts';
import type { World } from '../support/world.ts';
import { httpRequest } from './http.ts';
import type { PartContext } from './part.ts';

/** Requests a second. A job is a reset, so the jobs keep a worker about half busy on two cores. */
const [jobsPerSecond, pollsPerSecond] = [50, 200];
const everyMs = 1_000;

/** Resident memory of each service: at its start, under load, and when the load has lasted. */
export async function soak(world: World, context: PartContext): Promise<Row[]> {
  const { soakMinutes } = context;
  const api = await world.product('api');
  const services: Running[] = [
    ...[api, await world.product('status'), await world.product('worker')],
    await world.product('operations'),
  ];
  const atStart = services.map((service) => residentMiB(service.pid));
  const samples: number[][] = services.map(() => []);
  const sampling = setInterval(() => {
    for (const [index, { pid }] of services.entries()) samples[index]?.push(residentMiB(pid));
  }, everyMs);
  try {
    const load = {
      ...{ connections: 16, warmUpMs: 0, durationMs: soakMinutes * 60_000 },
    };
    const body = '{"jobType":"reset"}';
    const posts = world.datasets.map((code) =>
      httpRequest('POST', `/dataset/${code}/jobs`, world.key, body),
    );
    const { rows } = await world.pool.query<{ id: string; code: string }>(
      `SELECT j.id, d.code FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id LIMIT 1000`,
    );
    const polls = rows.map(({ id, code }) =>
      httpRequest('GET', `/data/${code}/jobs/${id}`, world.key),
    );
    await Promise.all([
      applyLoad({ ...load, port: api.port, rate: jobsPerSecond, requests: posts, expect: 202 }),
      applyLoad({
        ...{ ...load, port: services[1]?.port ?? 0, rate: pollsPerSecond },
        ...{ requests: polls, expect: 200 },
      }),
    ]);
  } finally {
    clearInterval(sampling);
  }
  return services.map(({ name }, index): Row => {
    const sampled = samples[index] ?? [];
    // When the first fifth has passed, compilers and pools have what they need.
    const early = sampled.slice(
      Math.floor(sampled.length / 5),
      Math.ceil((sampled.length * 2) / 5),
    );
    const late = sampled.slice(-early.length);
    return {
      part: 'footprint',
      what: `resident memory of the ${name} service after ${soakMinutes} min`,
      unit: 'MiB',
      product: [median(late)],
      baseline: { name: 'in the second fifth of it', values: [median(early)] },
      comparison: 'ratio',
      target: { bound: 'at most', value: 1.1 },
      note: `${Math.round(atStart[index] ?? 0)} MiB at its start, at most ${Math.round(Math.max(...sampled))} MiB; ${jobsPerSecond} jobs and ${pollsPerSecond} polls a second`,
    };
  });
}
