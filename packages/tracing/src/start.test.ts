import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  beginSpan,
  headersOf,
  inBatch,
  inSpan,
  startRequestSpan,
  startTracing,
  traceIdNow,
} from './index.ts';

const loaded = (): string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) =>
    /@opentelemetry\/(sdk|exporter|instrumentation|resources)|in-the-middle/.test(file),
  );

test('without an endpoint no library is loaded, and only the work is done', async () => {
  const tracing = await startTracing({
    endpoint: undefined,
    service: 'test',
    ratio: 1,
    onError: assert.fail,
  });
  assert.deepEqual(loaded(), []);
  assert.equal(tracing.telemetry, undefined);
  const inside = await inSpan('outer', {}, (span) =>
    inBatch(
      'batch',
      [span.traceparent, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      async () => [span.traceparent, beginSpan('inner').traceparent, traceIdNow(), headersOf()],
    ),
  );
  assert.deepEqual(inside, [undefined, undefined, undefined, {}]);
  const error = new Error('as it was');
  await assert.rejects(
    inSpan('failing', {}, async () => {
      throw error;
    }),
    error,
  );
  await tracing.stop();
});

test('with an endpoint, spans have traces to pass on, and their failures do not fail the work', async (context) => {
  const tracing = await startTracing({
    // Nothing listens on port 1.
    endpoint: 'http://127.0.0.1:1',
    service: 'test',
    ratio: 1,
    onError: () => undefined,
  });
  assert.ok(loaded().length > 0);
  assert.ok(tracing.telemetry !== undefined);
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await inSpan('outer', { parent }, async (span) => {
    assert.match(span.traceparent ?? '', /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    assert.equal(traceIdNow(), '0af7651916cd43dd8448eb211c80319c');
    assert.deepEqual(headersOf(), { traceparent: span.traceparent });
    const inner = beginSpan('inner');
    assert.notEqual(inner.traceparent, span.traceparent);
    inner.end();
  });
  assert.equal(traceIdNow(), undefined);

  // The work may be committed by then.
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-node');
  const onEnd = context.mock.method(BatchSpanProcessor.prototype, 'onEnd', () => {
    throw new Error('a fault in the tracing');
  });
  const results = await inSpan('outer', { parent }, () =>
    inBatch('batch', [parent, parent], async () => 1),
  );
  assert.equal(results, 1);
  const spanOfRequest = startRequestSpan('GET', {});
  spanOfRequest?.end({ method: 'GET', route: 'none', status: 200 });
  assert.equal(onEnd.mock.callCount(), 3);
  onEnd.mock.restore();
  await tracing.stop();
});
