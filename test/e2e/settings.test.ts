// What the settings of the services do, as far as clients see it, and what wrong ones do.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import { startService, startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, submitForm, untilEnded } from '@kasabi/test/support/client';
import { listeners } from './support/listeners.ts';

describe('SUCCESS_STATUS and public addresses with a path', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack({
      env: {
        SUCCESS_STATUS: 'succeeded',
        API_PUBLIC_URL: 'https://platform.example/jobs-api/',
        STATUS_PUBLIC_URL: 'https://platform.example:8443/status/v1//',
      },
    });
  });
  after(() => stack?.stop());

  it('show in Location and in the document of an ended job', async () => {
    const answer = await submitForm(stack, { jobType: 'reset' });
    const location = answer.headers.get('location') ?? '';
    const start = 'https://platform.example:8443/status/v1/data/nasa/jobs/';
    assert.ok(location.startsWith(start), location);
    assert.equal(answer.text, location);
    const job = await untilEnded(
      location.replace('https://platform.example:8443/status/v1', stack.statusUrl),
      stack.key,
    );
    assert.equal(job.status, 'succeeded');
    assert.equal(job.jobStatus, 'applied');
  });
});

describe('a setting that is wrong', () => {
  const surroundings = {
    databaseUrl: 'postgresql://owner:CONFIDENTIAL@127.0.0.1:1/kasabi',
    redisUrl: 'redis://default:CONFIDENTIAL@127.0.0.1:1',
    apiPublicUrl: 'http://127.0.0.1:1',
    statusPublicUrl: 'http://127.0.0.1:2',
    operatorPassword: 'an-operators-password',
  };

  async function endOf(name: ServiceName, change: NodeJS.ProcessEnv) {
    const settings = serviceSettings(name, await freePort(), surroundings);
    const began = performance.now();
    const service = await startService(name, { ...settings, ...change }, { readyWithinMs: 0 });
    const { code } = await service.exited;
    return { code, output: service.logs.join('\n'), took: performance.now() - began };
  }

  for (const [name, setting, change] of [
    ['api', 'DATABASE_URL', { DATABASE_URL: '' }],
    ['api', 'DATABASE_URL', { DATABASE_URL: 'mysql://owner:CONFIDENTIAL@127.0.0.1/kasabi' }],
    ['api', 'REDIS_URL', { REDIS_URL: 'CONFIDENTIAL' }],
    ['api', 'API_PORT', { API_PORT: 'eighty' }],
    ['api', 'STATUS_PUBLIC_URL', { STATUS_PUBLIC_URL: 'http://h/?q=CONFIDENTIAL' }],
    ['api', 'API_COLOUR', { API_COLOUR: 'CONFIDENTIAL' }],
    ['api', 'MAX_SHEDULE_DAYS', { MAX_SHEDULE_DAYS: '1' }],
    ['status', 'DATABASE_URL', { DATABASE_URL: '' }],
    ['status', 'SUCCESS_STATUS', { SUCCESS_STATUS: 'fine' }],
    ['status', 'STATUS_COLOUR', { STATUS_COLOUR: 'CONFIDENTIAL' }],
    ['operations', 'OPERATOR_PASSWORD', { OPERATOR_PASSWORD: '' }],
    ['operations', 'OPERATOR_PASSWORD', { OPERATOR_PASSWORD: 'tooshort' }],
    ['operations', 'OPERATIONS_COLOUR', { OPERATIONS_COLOUR: 'CONFIDENTIAL' }],
    ['worker', 'REDIS_URL', { REDIS_URL: '' }],
    ['worker', 'WORKER_COLOUR', { WORKER_COLOUR: 'CONFIDENTIAL' }],
    ['worker', 'LEASE_SM', { LEASE_SM: '1000' }],
    ['worker', 'LISTEN_ADDRESS', { LISTEN_ADDRESS: 'localhost' }],
  ] as const) {
    const [[, value]] = Object.entries(change) as [[string, string]];
    it(`stops ${name} at once, and is named: ${setting}=${value}`, async () => {
      const { code, output, took } = await endOf(name, change);
      assert.equal(code, 1);
      assert.match(
        output,
        new RegExp(`^The settings are not usable:\n {2}- ${setting} [^\n]+[.?]$`),
      );
      assert.doesNotMatch(output, /CONFIDENTIAL/);
      assert.ok(took < 10_000, `after ${took} ms`);
    });
  }

  it('stops a service at once when it is a port that is taken', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, resolve));
    try {
      const { code, output } = await endOf('status', { STATUS_PORT: String(port) });
      assert.equal(code, 1);
      assert.match(
        output,
        new RegExp(`^Port ${port} .*free it or set STATUS_PORT to another\\.$`, 'm'),
      );
      assert.doesNotMatch(output, /CONFIDENTIAL|\n +at /);
    } finally {
      server.close();
    }
  });
});

describe('LISTEN_ADDRESS', () => {
  const surroundings = {
    databaseUrl: 'postgresql://owner@127.0.0.1:1/kasabi',
    redisUrl: 'redis://127.0.0.1:1',
    apiPublicUrl: 'http://127.0.0.1:1',
    statusPublicUrl: 'http://127.0.0.1:2',
    operatorPassword: 'an-operators-password',
  };

  async function listenersOf(name: ServiceName, address: string): Promise<string[]> {
    const [port, metrics] = [await freePort(), await freePort()];
    const settings = serviceSettings(name, port, surroundings);
    const more = { LISTEN_ADDRESS: address, METRICS_PORT: String(metrics) };
    const service = await startService(name, { ...settings, ...more }, { readyWithinMs: 0 });
    try {
      // The last it does when it starts, so that it also stops in order.
      await waitFor(() => service.logs.some((it) => /"msg":"(listening|working)"/.test(it)), {
        what: `${name} to listen`,
        timeoutMs: 40_000,
      });
      return listeners(service.pid).map((it) => it.split(':')[0] ?? '');
    } finally {
      await service.stop();
    }
  }

  for (const name of ['api', 'worker', 'status'] as const) {
    it(`is the one address of ${name} and of its metrics; without it, they have all`, async () => {
      assert.deepEqual(await listenersOf(name, '127.0.0.1'), ['127.0.0.1', '127.0.0.1']);
      const all = await listenersOf(name, '');
      assert.equal(all.length, 2);
      for (const address of all) assert.match(address, /^0+(\.0\.0\.0)?$/);
    });
  }

  it('is loopback of operations unless set', async () => {
    assert.deepEqual(await listenersOf('operations', ''), ['127.0.0.1', '127.0.0.1']);
    assert.deepEqual(await listenersOf('operations', '0.0.0.0'), ['0.0.0.0', '0.0.0.0']);
  });

  it('stops a service at once when it is of another host', async () => {
    const settings = serviceSettings('api', await freePort(), surroundings);
    const change = { LISTEN_ADDRESS: '192.0.2.1' };
    const service = await startService('api', { ...settings, ...change }, { readyWithinMs: 0 });
    assert.equal((await service.exited).code, 1);
    assert.match(
      service.logs.join('\n'),
      /cannot be listened on \(.*\); set LISTEN_ADDRESS to an address of this host instead of 192\.0\.2\.1\.$/m,
    );
  });
});

describe('a password that is wrong', () => {
  it('is in no log line, and is named by readyz', async () => {
    const stack = await startStack({ workers: 0 });
    try {
      const wrong = new URL(stack.redis.url);
      wrong.password = 'WRONGCONFIDENTIAL';
      const port = await freePort();
      const settings = serviceSettings('api', port, {
        databaseUrl: stack.database.url,
        redisUrl: wrong.href,
        apiPublicUrl: stack.apiUrl,
        statusPublicUrl: stack.statusUrl,
      });
      const api = await startService('api', settings, { readyWithinMs: 0 });
      try {
        await waitFor(
          async () => {
            const { status, text } = await ask(`${api.url}/readyz`);
            assert.deepEqual(
              [status, text],
              [200, 'ready\nRedis refuses the login of a service\n'],
            );
            return true;
          },
          { what: 'the api to say so' },
        );
        await waitFor(() => api.logs.some((line) => /WRONGPASS|NOAUTH/.test(line)), {
          what: 'a log line that says why',
        });
        assert.doesNotMatch(api.logs.join('\n'), /WRONGCONFIDENTIAL/);
      } finally {
        await api.stop();
      }
    } finally {
      await stack.stop();
    }
  });
});
