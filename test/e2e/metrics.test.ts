// What Prometheus is told, by real services.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jobTypeNames } from '@kasabi/domain';
import { freePort } from '@kasabi/local';
import { findingCodes } from '@kasabi/operations';
import { type Scrape, scrape, startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, submitForm, untilEnded } from '@kasabi/test/support/client';

let stack: TestStack;
let job: string;

before(async () => {
  stack = await startStack();
  const answer = await submitForm(stack, { jobType: 'reset' });
  assert.equal(answer.status, 202);
  job = answer.text;
  await untilEnded(job, stack.key);
});
after(() => stack?.stop());

const urls = (): string[] => [stack.apiUrl, stack.statusUrl, stack.workers[0]?.url ?? ''];
const worker = (): Promise<Scrape> => scrape(stack.workers[0]?.url ?? '');

/** All that a label may say, wherever it stands. */
const bounded: Readonly<Record<string, RegExp>> = {
  method: /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|other)$/,
  route: /^(none|(\/(:?[a-z]+(\.[a-z]+)*|\*splat))+|\/|\/:name\.[a-z]+)$/,
  code: new RegExp(`^(\\d{3}|${findingCodes.join('|')})$`),
  pool: /^(requests|fresh|jobs|upkeep|exports)$/,
  loop: /^[a-z]+$/,
  dependency: /^(postgres|redis)$/,
  type: new RegExp(`^(${jobTypeNames.join('|')})$`),
  by: /^(owner|operator)$/,
  outcome: /^(completed|failed|retried|released|dropped|locked|busy)$/,
  reason:
    /^(early|busy|paused|unchecked|error|refused|dataset-unknown|too-far-ahead|too-many-open|key-reused|in-flight)$/,
  status: /^(scheduled|running|failed)$/,
  state: /^(alive|silent|replaced)$/,
  scope: /^(all|dataset)$/,
  version: /^\d+\.\d+\.\d+$/,
  le: /^(\+Inf|[\d.]+)$/,
};

describe('the metrics of every service', () => {
  it('are named, typed and described by the conventions', async () => {
    for (const url of urls()) {
      const { families } = await scrape(url);
      assert.ok(families.size > 30);
      for (const [name, { type, help }] of families) {
        if (/^(nodejs|process)_/.test(name)) continue;
        assert.match(name, /^(kasabi|http)_[a-z]+(_[a-z]+)*$/);
        assert.match(type, /^(counter|gauge|histogram)$/, name);
        assert.equal(name.endsWith('_total'), type === 'counter', name);
        assert.doesNotMatch(name, /_(ms|milliseconds|minutes|count|sum|bucket)$/);
        if (/duration|wait_|drift|_age|lag|longest|offset|timestamp/.test(name)) {
          assert.match(name, /_seconds$/);
        }
        assert.match(help, /^[A-Z].+\.$/, name);
      }
    }
  });

  it('have labels of few values, whatever clients write', async () => {
    const before = await Promise.all([stack.apiUrl, stack.statusUrl].map(scrape));
    const count = ({ families }: Scrape): number =>
      [...families.values()].reduce((sum, { samples }) => sum + samples.length, 0);
    for (let index = 0; index < 30; index += 1) {
      await ask(`${stack.apiUrl}/made-up-${index}`);
      await ask(`${stack.apiUrl}/dataset/made-up-${index}/jobs`, { method: `MADEUP${index}` });
      await ask(`${stack.statusUrl}/data/made-up-${index}/jobs/${index}`);
      await ask(`${stack.statusUrl}/dataset/made-up-${index}/status?made-up=${index}`);
    }
    const after = await Promise.all([stack.apiUrl, stack.statusUrl].map(scrape));
    for (const [index, scraped] of after.entries()) {
      const grown = count(scraped) - count(before[index] as Scrape);
      assert.ok(grown < 60, `${grown} more series`);
    }
    for (const url of urls()) {
      for (const [name, { samples }] of (await scrape(url)).families) {
        if (/^(nodejs|process)_/.test(name)) continue;
        for (const [label, value] of samples.flatMap(({ labels }) => Object.entries(labels))) {
          if (name === 'kasabi_dataset_clears_total') assert.match(value, /^(truncate|delete)$/);
          else assert.match(value, bounded[label] ?? /^no such label$/, `${name}: ${label}`);
        }
      }
    }
  });

  it('tell nothing of who asks for what', async () => {
    await ask(`${stack.apiUrl}/dataset/nasa/jobs?apikey=${stack.key}`, { method: 'POST' });
    await ask(`${stack.statusUrl}/data/nasa/jobs?apikey=${stack.key}`);
    for (const url of urls()) {
      const { text } = await scrape(url);
      for (const secret of [stack.key, stack.key.slice(7), stack.dataset, job.slice(-36)]) {
        assert.ok(!text.includes(secret), `${url}: ${secret}`);
      }
    }
  });

  it('have the process, its event loop, its pools and its dependencies', async () => {
    for (const url of urls()) {
      const { value, families } = await scrape(url);
      assert.ok(value('process_resident_memory_bytes') > 10_000_000);
      assert.ok(value('nodejs_eventloop_lag_p99_seconds') >= 0);
      assert.equal(value('kasabi_dependency_up', { dependency: 'postgres' }), 1);
      assert.ok((families.get('kasabi_db_pool_connections_max')?.samples.length ?? 0) > 0);
      assert.equal(value('kasabi_build_info'), 1);
    }
    const { value } = await scrape(stack.apiUrl);
    assert.equal(value('kasabi_db_pool_connections_max', { pool: 'requests' }), 10);
    assert.equal(value('kasabi_db_pool_waiting', { pool: 'requests' }), 0);
    assert.ok(value('kasabi_db_pool_connections_idle', { pool: 'requests' }) > 0);
  });

  it('are not logged, and cannot be posted', async () => {
    for (const url of urls()) {
      assert.equal((await ask(`${url}/metrics`, { method: 'POST' })).status, 405);
      const { headers } = await ask(`${url}/metrics`);
      assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      assert.equal(headers.get('cache-control'), 'no-store');
    }
    await waitFor(() => stack.api.logs.some((line) => line.includes('"url":"/*"')), {
      what: 'the line of another request',
    });
    assert.ok(!stack.api.logs.some((line) => line.includes('/metrics')));
  });
});

describe('what is measured', () => {
  it('of requests: how many, by route and code, and how long they took', async () => {
    const { value } = await scrape(stack.apiUrl);
    const route = '/dataset/:code/jobs';
    assert.equal(value('http_requests_total', { method: 'POST', route, code: '202' }), 1);
    const kind = { method: 'POST', route };
    assert.ok(value('http_request_duration_seconds_count', kind) >= 1);
    const status = await scrape(stack.statusUrl);
    const polled = { route: '/data/:code/jobs/:id', code: '200' };
    assert.ok(status.value('http_requests_total', polled) >= 1);
  });

  it('of requests that a client asks to be held: how many, and no time', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { text } = await submitForm(stack, { jobType: 'reset', startTime: later });
    const kind = { method: 'GET', route: '/data/:code/jobs/:id' };
    const before = await scrape(stack.statusUrl);
    const waiting = ask(text, { headers: { X_KASABI_APIKEY: stack.key, Prefer: 'wait=2' } });
    await waitFor(
      async () => (await scrape(stack.statusUrl)).value('kasabi_status_waiting_clients') === 1,
      { what: 'one client to wait' },
    );
    await waiting;
    const after = await waitFor(
      async () => {
        const now = await scrape(stack.statusUrl);
        const more =
          now.value('http_requests_total', { ...kind, code: '200' }) -
          before.value('http_requests_total', { ...kind, code: '200' });
        return more === 1 ? now : undefined;
      },
      { what: 'the request to be counted' },
    );
    const count = 'http_request_duration_seconds_count';
    assert.equal(after.value(count, kind), before.value(count, kind));
    await ask(text, { method: 'DELETE', headers: { X_KASABI_APIKEY: stack.key } });
    assert.equal(
      (await scrape(stack.apiUrl)).value('kasabi_jobs_cancelled_total', { by: 'owner' }),
      1,
    );
  });

  it('of a job, from its acceptance to its end', async () => {
    const api = await scrape(stack.apiUrl);
    const type = 'reset';
    assert.equal(api.value('kasabi_jobs_accepted_total', { type }), 2);
    await submitForm(stack, { jobType: 'reset' }, { X_KASABI_APIKEY: 'kasabi_unknown' });
    const refused = { reason: 'refused' };
    assert.equal(
      (await scrape(stack.apiUrl)).value('kasabi_job_requests_refused_total', refused),
      1,
    );
    const { value } = await worker();
    for (const name of [
      'kasabi_jobs_started_total',
      'kasabi_jobs_completed_total',
      'kasabi_job_start_drift_seconds_count',
      'kasabi_job_attempts_sum',
    ]) {
      assert.equal(value(name, { type }), 1, name);
    }
    for (const name of ['failed', 'retried', 'released', 'dropped']) {
      assert.equal(value(`kasabi_jobs_${name}_total`, { type }), 0, name);
    }
    const run = { type, outcome: 'completed' };
    assert.equal(value('kasabi_job_run_duration_seconds_count', run), 1);
    assert.ok(value('kasabi_job_run_duration_seconds_sum', run) < 10);
    assert.equal(value('kasabi_dataset_clears_total', { method: 'delete' }), 1);
    assert.equal(value('kasabi_dataset_clears_total', { method: 'truncate' }), 0);
    assert.equal(value('kasabi_dataset_lock_wait_seconds_count', { outcome: 'locked' }), 1);
    assert.equal(value('kasabi_jobs_rescued_total', { type, status: 'scheduled' }), 0);
    assert.equal(value('kasabi_worker_concurrency'), 10);
    assert.equal(value('kasabi_worker_jobs_running'), 0);
    assert.ok(Math.abs(value('kasabi_worker_clock_offset_seconds')) < 1);
  });

  it("of the worker's loops: when each last succeeded, and how long its rounds take", async () => {
    const loops = [
      ...['heartbeat', 'pruner', 'relay', 'report', 'rescuer', 'sweep', 'tally', 'watchdog'],
    ];
    await waitFor(
      async () => {
        const { value } = await worker();
        return loops.every((loop) => {
          const age =
            Date.now() / 1_000 - value('kasabi_loop_last_success_timestamp_seconds', { loop });
          assert.ok(age < 60 && age > -1, `${loop}: ${age} s`);
          assert.equal(value('kasabi_loop_round_failures_total', { loop }), 0);
          return value('kasabi_loop_round_duration_seconds_count', { loop }) > 0;
        });
      },
      { what: 'a round of every loop' },
    );
  });
});

describe('METRICS_PORT', () => {
  it('is where the metrics are then, and the service has them no more', async () => {
    const port = await freePort();
    const own = await stack.addWorker({ METRICS_PORT: String(port) });
    assert.equal((await ask(`${own.url}/metrics`)).status, 404);
    const { value } = await scrape(`http://127.0.0.1:${port}`);
    assert.equal(value('kasabi_worker_jobs_running'), 0);
    for (const path of ['/', '/healthz', '/readyz']) {
      assert.equal((await ask(`http://127.0.0.1:${port}${path}`)).status, 404, path);
    }
    await own.stop();
  });
});
