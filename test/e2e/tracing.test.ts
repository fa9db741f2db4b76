// What a collector of traces is sent by real services.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { digestKey } from '@kasabi/accounts';
import { getDataset, quadsTable } from '@kasabi/datasets';
import { acceptJobs } from '@kasabi/jobs';
import { parseRedisUrl } from '@kasabi/runtime';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, inMs, jobsUrl, submitForm, untilEnded } from '@kasabi/test/support/client';
import { type Collector, type Span, startCollector } from './support/collector.ts';

let collector: Collector;
let stack: TestStack;

before(async () => {
  collector = await startCollector();
  stack = await startStack({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, OTEL_BSP_SCHEDULE_DELAY: '100' },
  });
});
after(async () => {
  await stack?.stop();
  await collector?.close();
});

/** What is done for a job at the least, whoever hands it to Redis. */
const steps = ['accept', 'enqueue', 'claim', 'clear', 'complete'];

/** The trace of a job, once it has all of these spans and the end of what the queue does. */
const traceOf = (jobId: string, names: readonly string[] = steps): Promise<readonly Span[]> =>
  waitFor(
    () => {
      const claim = collector.spans.find(
        (span) => span.name === 'claim' && span.attributes['kasabi.job.id'] === jobId,
      );
      const trace = collector.trace(claim?.traceId ?? '');
      const there = new Set(trace.map((span) => span.name));
      return [...names, 'process j'].every((name) => there.has(name)) ? trace : undefined;
    },
    { what: `the trace of ${jobId}` },
  );

const named = (trace: readonly Span[], name: string): Span =>
  trace.find((span) => span.name === name) ?? assert.fail(`no span ${name}`);

async function runJob(): Promise<string> {
  const { text } = await submitForm(stack, { jobType: 'reset' });
  await untilEnded(text, stack.key);
  return text.slice(-36);
}

/** The statements that are done within a span, directly or below it. */
function statementsIn(trace: readonly Span[], { spanId }: Span): string[] {
  return trace
    .filter((span) => span.parentSpanId === spanId)
    .flatMap((span) => {
      const text = span.attributes['db.query.text'];
      return text === undefined ? statementsIn(trace, span) : [String(text).trim()];
    });
}

describe('the trace of a job', () => {
  it('has one root, and every step from the request to the last statement of the worker', async () => {
    const jobId = await runJob();
    const trace = await traceOf(jobId);
    const known = new Set(trace.map((span) => span.spanId));
    const roots = trace.filter((span) => span.parentSpanId === '');
    assert.deepEqual(
      roots.map((span) => [span.service, span.name]),
      [['kasabi-api', 'POST /dataset/:code/jobs']],
    );
    for (const span of trace) {
      assert.ok(span.parentSpanId === '' || known.has(span.parentSpanId), `${span.name} hangs`);
    }
    assert.deepEqual(roots[0]?.attributes, {
      'http.request.method': 'POST',
      'http.route': '/dataset/:code/jobs',
      'http.response.status_code': 202,
    });
    const [accept, enqueue] = [named(trace, 'accept'), named(trace, 'enqueue')];
    assert.equal(accept.parentSpanId, roots[0]?.spanId);
    assert.equal(enqueue.parentSpanId, accept.spanId);
    assert.equal(named(trace, 'process j').parentSpanId, enqueue.spanId);
    for (const name of ['claim', 'reset']) {
      assert.equal(named(trace, name).parentSpanId, named(trace, 'process j').spanId);
      assert.equal(named(trace, name).attributes['kasabi.job.id'], jobId);
    }
    for (const name of ['clear', 'unlock', 'complete']) {
      assert.equal(named(trace, name).parentSpanId, named(trace, 'reset').spanId);
      assert.equal(named(trace, name).service, 'kasabi-worker');
    }
  });

  it('has each SQL statement in its step', async () => {
    const trace = await traceOf(await runJob());
    for (const [name, expected] of [
      ['accept', /INSERT INTO kasabi\.job|WITH asked AS MATERIALIZED/],
      ['claim', /^WITH asked AS/],
      ['clear', /^SAVEPOINT deleting; DELETE FROM store\.quads_\d+; RELEASE SAVEPOINT deleting$/],
      ['unlock', /storage_mode = 'read-write'/],
      ['complete', /status = 'completed'/],
      ['reset', /^COMMIT$/],
    ] as const) {
      const statements = statementsIn(trace, named(trace, name));
      assert.ok(
        statements.some((text) => expected.test(text)),
        `${name}: ${statements.join('; ')}`,
      );
    }
  });

  it('has the wait for a writer in a step of its own', async () => {
    const { id } = await getDataset(stack.database.pool(), stack.dataset);
    const writer = await stack.database.pool().connect();
    try {
      await writer.query('BEGIN');
      await writer.query(`INSERT INTO ${quadsTable(id)} VALUES ('s', 'p', 'o')`);
      const { text } = await submitForm(stack, { jobType: 'reset' });
      const isWaiting = async (): Promise<boolean> =>
        (await writer.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 1;
      await waitFor(isWaiting, { what: 'the worker to wait' });
      await writer.query('COMMIT');
      await untilEnded(text, stack.key);
      const trace = await traceOf(text.slice(-36), [...steps, 'lock']);
      const lock = named(trace, 'lock');
      assert.equal(lock.parentSpanId, named(trace, 'reset').spanId);
      assert.match(statementsIn(trace, lock)[0] ?? '', /pg_advisory_xact_lock\(/);
    } finally {
      writer.release();
    }
  });

  it('goes on where a client began it', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const { text } = await ask(jobsUrl(stack), {
      method: 'POST',
      headers: {
        X_KASABI_APIKEY: stack.key,
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: new URLSearchParams({ jobType: 'reset' }),
    });
    await untilEnded(text, stack.key);
    const trace = await traceOf(text.slice(-36));
    assert.equal(trace[0]?.traceId, traceId);
    assert.equal(named(trace, 'POST /dataset/:code/jobs').parentSpanId, 'b7ad6b7169203331');
  });

  it('survives its request: the relay goes on with it from the record', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const [outcome] = await acceptJobs(
      stack.database.pool('api'),
      [
        {
          keyDigest: digestKey(stack.key),
          datasetCode: stack.dataset,
          type: 'reset',
          startTime: undefined,
          trace: `00-${traceId}-00f067aa0ba902b7-01`,
        },
      ],
      { maxScheduleDays: 1 },
    );
    assert.equal(outcome?.outcome, 'accepted');
    const { id } = (outcome as { job: { id: string } }).job;
    const trace = await traceOf(id, steps.slice(1));
    assert.equal(trace[0]?.traceId, traceId);
    const enqueue = named(trace, 'enqueue');
    assert.deepEqual(
      [enqueue.service, enqueue.parentSpanId],
      ['kasabi-worker', '00f067aa0ba902b7'],
    );
  });

  it('is its own, though its request shares a statement with others', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => submitForm(stack, { jobType: 'reset' })),
    );
    const jobs = answers.map(({ text }) => text.slice(-36));
    const traces = new Set<string>();
    for (const jobId of jobs) {
      await untilEnded(`${stack.statusUrl}/data/nasa/jobs/${jobId}`, stack.key);
      const trace = await traceOf(jobId);
      traces.add(trace[0]?.traceId ?? '');
      const ids = trace
        .filter((span) => span.name !== 'enqueue' || span.service === 'kasabi-api')
        .flatMap((span) => span.attributes['kasabi.job.id'] ?? []);
      assert.deepEqual([...new Set(ids)], [jobId]);
      assert.equal(trace.filter((span) => span.parentSpanId === '').length, 1);
    }
    assert.equal(traces.size, jobs.length);
    const batch = collector.spans.find((span) => span.name === 'accept batch');
    assert.ok(batch !== undefined && batch.links.length > 1, 'some shared a statement');
    for (const linked of batch.links) assert.ok(traces.has(linked));
  });
});

describe('all traces', () => {
  it('begin with a request: what runs in the background makes none', async () => {
    await runJob();
    const roots = collector.spans.filter((span) => span.parentSpanId === '');
    const other = roots.filter(({ name }) => !/^(GET|POST|DELETE) \/|^\w+ batch$/.test(name));
    assert.deepEqual(other, []);
  });

  it('hold no key and no password, wherever a client put one', async () => {
    const secret = stack.key.slice(7);
    await ask(`${jobsUrl(stack)}?apikey=${stack.key}&jobType=reset`, { method: 'POST' });
    await ask(`${jobsUrl(stack)}?${stack.key}`, { method: 'POST' });
    await ask(`${stack.apiUrl}/dataset/${stack.key}/jobs/${stack.key}`, { method: 'DELETE' });
    await ask(`${stack.apiUrl}/${stack.key}`);
    await ask(`${stack.statusUrl}/data/nasa/jobs?apikey=${stack.key}`);
    await ask(`${stack.statusUrl}/data/nasa/jobs`, {
      headers: { Authorization: `Bearer ${stack.key}`, baggage: `key=${stack.key}` },
    });
    const later = await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
    const from = collector.spans.length;
    await ask(`${later.text}?apikey=${stack.key}`, { method: 'DELETE' });
    const forwarded = await waitFor(
      () => collector.spans.slice(from).find((span) => span.name === 'DELETE /data/:code/jobs/:id'),
      { what: 'the trace of a forwarded request' },
    );
    await waitFor(
      () =>
        collector
          .trace(forwarded.traceId)
          .some((span) => span.service === 'kasabi-api' && span.name.startsWith('DELETE')),
      { what: 'the api service in the trace of the status service' },
    );
    const { password = '' } = parseRedisUrl(stack.redis.url);
    const passwords = [new URL(stack.database.url).password, password];
    for (const text of [secret, ...passwords]) {
      assert.ok(text.length > 5);
      assert.ok(!collector.bodies.some((body) => body.includes(text)));
    }
  });

  it('are in the log lines of what they are of', async () => {
    const jobId = await runJob();
    const [{ traceId } = assert.fail()] = await traceOf(jobId);
    const lines = [stack.api, ...stack.workers]
      .flatMap((service) => service.logs)
      .map((line) => JSON.parse(line))
      .filter((line) => line.jobId === jobId);
    assert.deepEqual(
      lines.map(({ msg, dataset }) => [msg, dataset]),
      ['request completed', 'claimed', 'completed'].map((msg) => [msg, 'nasa']),
    );
    for (const line of lines) assert.equal(line.traceId, traceId);
    assert.equal(lines[0]?.outcome, 'accepted');
  });
});
