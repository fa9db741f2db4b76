// Services that trace nothing, or whose collector is away.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '@kasabi/local';
import { startStack, waitFor } from '@kasabi/test/support';
import { ask, jobsUrl, submitForm, untilEnded } from '@kasabi/test/support/client';
import { startCollector } from './support/collector.ts';

describe('OTEL_TRACES_SAMPLER_ARG', () => {
  it('of 0 traces nothing, whatever a client asks for', async () => {
    const sampled = await startCollector();
    const quiet = await startStack({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: sampled.url,
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_TRACES_SAMPLER_ARG: '0',
      },
    });
    try {
      const headers = {
        X_KASABI_APIKEY: quiet.key,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      };
      const body = new URLSearchParams({ jobType: 'reset' });
      const { text } = await ask(jobsUrl(quiet), { method: 'POST', headers, body });
      await untilEnded(text, quiet.key);
    } finally {
      await quiet.stop();
      await sampled.close();
    }
    assert.deepEqual(sampled.spans, []);
  });
});

describe('a collector that is away', () => {
  it('is logged, and neither keeps requests waiting nor the service from stopping', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const lonely = await startStack({
      workers: 0,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '50' },
    });
    try {
      assert.equal((await submitForm(lonely, { jobType: 'reset' })).status, 202);
      await waitFor(() => lonely.api.logs.some((line) => line.includes('tracing trouble')), {
        what: 'a line in the log',
      });
      assert.equal((await submitForm(lonely, { jobType: 'reset' })).status, 202);
    } finally {
      await lonely.stop();
    }
  });
});

describe('without an endpoint', () => {
  it('a record has no trace, and no line of the log', async () => {
    const off = await startStack();
    try {
      const { text } = await submitForm(off, { jobType: 'reset' });
      await untilEnded(text, off.key);
      const { rows } = await off.database.pool().query('SELECT DISTINCT trace FROM kasabi.job');
      assert.deepEqual(rows, [{ trace: null }]);
      const logged = () => [off.api, off.status, ...off.workers].flatMap((service) => service.logs);
      // The log comes a moment later.
      for (const what of ['"completed"', '"method":"GET"']) {
        await waitFor(() => logged().some((line) => line.includes(what)), { what });
      }
      const lines = logged();
      assert.ok(!lines.some((line) => line.includes('traceId')));
      // Nor has a line anything of the line before.
      const requests = lines.filter((line) => line.includes('"method":"GET"'));
      assert.ok(requests.length > 0);
      assert.ok(!requests.some((line) => /"(port|jobId)"/.test(line)));
    } finally {
      await off.stop();
    }
  });
});
