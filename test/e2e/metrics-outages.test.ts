// What Prometheus is told while Postgres or Redis is away.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { scrape } from '@kasabi/test/support/metrics';
import { type OperatedPrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';

let stack: OperatedPrivateStack;

before(async () => {
  stack = await startPrivateStack({ operatorPassword: 'an-operators-password' });
});
after(() => stack?.stop());

const up = async (url: string, dependency: string): Promise<number> =>
  (await scrape(url)).value('kasabi_dependency_up', { dependency });

const untilUp = (url: string, dependency: string, value: 0 | 1): Promise<unknown> =>
  waitFor(async () => (await up(url, dependency)) === value, {
    what: `${dependency} to be ${value} at ${url}`,
    timeoutMs: 30_000,
    everyMs: 200,
  });

it('the metrics are there, say what is away, and how old the last sample is', async () => {
  const services = [stack.api, stack.worker, stack.status, stack.operations];
  for (const { url } of services) await untilUp(url, 'postgres', 1);
  await stack.postgres.stop();
  for (const { url } of services) await untilUp(url, 'postgres', 0);
  await waitFor(
    async () => {
      const { value } = await scrape(stack.operations.url);
      return (
        value('kasabi_findings', { code: 'postgres-down' }) === 1 &&
        value('kasabi_overview_age_seconds') > 5 &&
        value('kasabi_loop_round_failures_total', { loop: 'sampler' }) > 0
      );
    },
    { what: 'the operations service to say so', timeoutMs: 40_000, everyMs: 200 },
  );
  assert.equal(await up(stack.api.url, 'redis'), 1);

  await stack.postgres.start();
  for (const { url } of services) await untilUp(url, 'postgres', 1);
  await waitFor(
    async () =>
      (await scrape(stack.operations.url)).value('kasabi_findings', { code: 'postgres-down' }) ===
      0,
    { what: 'the operations service to be well again', timeoutMs: 30_000, everyMs: 200 },
  );
  await stack.redis.stop();
  for (const { url } of [stack.api, stack.worker]) await untilUp(url, 'redis', 0);
  assert.equal(await up(stack.api.url, 'postgres'), 1);

  await stack.redis.start();
  for (const { url } of [stack.api, stack.worker]) await untilUp(url, 'redis', 1);
});
