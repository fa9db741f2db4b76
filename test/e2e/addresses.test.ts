// Where a client is counts by what proxies and the other service may be believed, and by no spelling of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { issueKey } from '@kasabi/accounts';
import { readOperatorActions } from '@kasabi/operations';
import { type OperatedStack, startStack, type TestService, waitFor } from '@kasabi/test/support';
import { type Answer, ask, inMs, jobsUrl, submitForm } from '@kasabi/test/support/client';
import { signIn } from '@kasabi/test/support/operator';
import { addService } from '@kasabi/test/support/watch-services';

const password = 'an-operators-password';
const perMinute = 8;
let stack: OperatedStack;
/** A status service that does not share the api's secret. */
let stranger: TestService;

before(async () => {
  stack = await startStack({
    workers: 0,
    operatorPassword: password,
    serviceEnv: {
      api: { RATE_LIMIT_PER_MINUTE: String(perMinute), TRUST_PROXY: '1' },
      status: { TRUST_PROXY: '1' },
      operations: { TRUST_PROXY: '1' },
    },
  });
  stranger = await addService(stack, 'status', {
    SERVICE_SECRET: 'another-secret-than-the-api-has',
    TRUST_PROXY: '1',
  });
});
after(async () => {
  await stranger?.stop();
  await stack?.stop();
});

const from = (address: string): Record<string, string> => ({ 'X-Forwarded-For': address });

/** A request with a key that nobody has. */
const strange = (headers: Record<string, string>, url = jobsUrl(stack), method = 'POST') =>
  ask(url, { method, headers: { ...headers, X_KASABI_APIKEY: crypto.randomUUID() } });

const remaining = (answer: Answer): number => Number(answer.headers.get('ratelimit-remaining'));

describe('the limit on requests', () => {
  it('counts one address as one, however it is written', async () => {
    for (const spellings of [
      ['203.0.113.8', '203.0.113.8:4711', '203.0.113.8:4712', '::ffff:203.0.113.8'],
      ['[2001:db8::1]:4711', '2001:db8::1', '2001:db8::1%eth0', '2001:0db8:0::0001'],
      ['2001:db8:7::1', '[2001:db8:7::2]:80', '2001:db8:7:0:ffff::1', '2001:DB8:7::9'],
    ]) {
      const left: number[] = [];
      for (const spelling of spellings) left.push(remaining(await strange(from(spelling))));
      assert.deepEqual(left, [7, 6, 5, 4], spellings.join());
    }
    assert.equal(remaining(await strange(from('2001:db8:7:1::1'))), 7, 'another /64');
  });

  it('counts what is no address as the proxy that sent it', async () => {
    const first = remaining(await strange(from('nonsense')));
    for (const [index, garbage] of ['unknown', '_a:b', '1.2.3', '"'].entries()) {
      assert.equal(remaining(await strange(from(garbage))), first - 1 - index, garbage);
    }
  });
});

/** The address of a job that is due in a while. */
async function submit(address: string): Promise<string> {
  const parameters = { jobType: 'reset', startTime: inMs(3_600_000) };
  // A key of its own, for keys are counted as well.
  const { secret } = await issueKey(stack.database.pool(), stack.owner);
  const answer = await submitForm(stack, parameters, { X_KASABI_APIKEY: secret, ...from(address) });
  assert.equal(answer.status, 202, answer.text);
  return answer.text;
}

describe('cancelling on the status host', () => {
  it('goes on for others while somebody sends made-up keys', async () => {
    const job = await submit('10.1.0.1');
    for (const host of [stack.statusUrl, stranger.url]) {
      const url = job.replace(stack.statusUrl, host);
      for (let sent = 0; sent < 3 * perMinute; sent += 1) {
        assert.equal((await strange(from('10.1.0.2'), url, 'DELETE')).status, 401);
      }
    }
    const { secret } = await issueKey(stack.database.pool(), stack.owner);
    const headers = { X_KASABI_APIKEY: secret, ...from('10.1.0.3') };
    assert.equal((await ask(job, { method: 'DELETE', headers })).status, 200);
  });

  it('is counted for the client, with the secret, and for the status host without', async () => {
    const cancel = async (host: string, address: string): Promise<number> => {
      const { secret } = await issueKey(stack.database.pool(), stack.owner);
      const url = `${host}/data/${stack.dataset}/jobs/${crypto.randomUUID()}`;
      const headers = { X_KASABI_APIKEY: secret, ...from(address) };
      return (await ask(url, { method: 'DELETE', headers })).status;
    };
    const statuses = async (host: string, addressOf: (n: number) => string) => {
      const found: number[] = [];
      for (let n = 0; n <= perMinute; n += 1) found.push(await cancel(host, addressOf(n)));
      return found;
    };
    const allowed = Array<number>(perMinute).fill(404);
    assert.deepEqual(await statuses(stack.statusUrl, () => '10.2.0.1'), [...allowed, 429]);
    assert.deepEqual(await statuses(stack.statusUrl, (n) => `10.3.0.${n}`), [...allowed, 404]);
    const others = await statuses(stranger.url, (n) => `10.4.0.${n}`);
    assert.ok(others.includes(429), others.join());
  });

  it('is by the same id in both logs, which no client can set', async () => {
    const url = `${stack.statusUrl}/data/${stack.dataset}/jobs/${crypto.randomUUID()}`;
    const { secret } = await issueKey(stack.database.pool(), stack.owner);
    const offered = 'an-id-or-maybe-a-key';
    const headers = { X_KASABI_APIKEY: secret, 'X-Request-Id': offered, ...from('10.5.0.1:99') };
    const services = [stack.api, stack.status];
    // Of those that are turned away in one second, the first few have a line each.
    const lines = await waitFor(
      async () => {
        const answer = await ask(url, { method: 'DELETE', headers });
        const id = answer.headers.get('x-request-id') ?? '';
        assert.match(id, /^[\da-f-]{36}$/);
        const written = () => services.map(({ logs }) => logs.find((it) => it.includes(id)));
        return await waitFor(() => written().every((it) => it !== undefined) && written(), {
          what: 'both lines',
          timeoutMs: 1_000,
        }).catch(() => false as const);
      },
      { what: 'a line in both logs', timeoutMs: 20_000 },
    );
    for (const [index, { logs, name }] of services.entries()) {
      assert.equal(JSON.parse(lines[index] ?? '').req.from, '10.5.0.1', name);
      assert.ok(!logs.join('\n').includes(offered), name);
    }
  });
});

it('the audit names the address of an operator as the limits count it', async () => {
  const operator = await signIn(stack.operationsUrl, password);
  const act = async (headers: Record<string, string>): Promise<string | undefined> => {
    const jobId = (await submit('10.6.0.1')).split('/').at(-1);
    const answer = await operator.act(`/jobs/${jobId}/cancel`, {}, headers);
    assert.equal(answer.status, 303, answer.text);
    const [action] = await readOperatorActions(stack.database.pool(), { limit: 1 });
    return action?.operatorAddress;
  };
  assert.equal(await act(from('[2001:db8::7%eth0]:4711')), '2001:db8::7');
  assert.equal(await act(from('203.0.113.8:4711')), '203.0.113.8');
  assert.equal(await act(from('[::ffff:cb00:7109]:1')), '203.0.113.9');
});

it('no log has the secret of the services', () => {
  for (const { logs } of [stack.api, stack.status]) {
    assert.ok(!logs.join('\n').includes('between-the-services'));
  }
});
