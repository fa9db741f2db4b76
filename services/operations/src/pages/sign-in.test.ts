// Who gets to the operations page, and what its answers let a browser do.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort, serviceSettings } from '@kasabi/local';
import {
  type OperatedStack,
  startService,
  startStack,
  type TestService,
  waitFor,
} from '@kasabi/test/support';
import { type Answer, ask } from '@kasabi/test/support/client';
import { addService } from '@kasabi/test/support/watch-services';

const password = 'an-operators-password';
let stack: OperatedStack;
let secure: TestService;

before(async () => {
  stack = await startStack({
    workers: 0,
    operatorPassword: password,
    serviceEnv: { operations: { REDIS_URL: '', TRUST_PROXY: '1' } },
  });
  const surroundings = {
    databaseUrl: stack.database.url,
    redisUrl: stack.redis.url,
    apiPublicUrl: stack.apiUrl,
    statusPublicUrl: stack.statusUrl,
    operationsPublicUrl: 'https://operations.example/jobs',
    operatorPassword: password,
  };
  const settings = serviceSettings('operations', await freePort(), surroundings);
  secure = await startService('operations', settings);
});
after(async () => {
  await secure?.stop();
  await stack?.stop();
});

const page = { Accept: 'text/html' };
let client = 0;

/** A sign-in, from an address of its own. */
function signIn(given = password, headers: Record<string, string> = {}, url = stack.operationsUrl) {
  client += 1;
  return ask(`${url}/ops/sign-in`, {
    method: 'POST',
    headers: { ...page, 'X-Forwarded-For': `10.0.0.${client}`, ...headers },
    body: new URLSearchParams({ password: given, next: '/ops/audit' }),
  });
}

const cookieOf = (answer: Answer): string =>
  (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(`${stack.operationsUrl}/ops${path}`, { headers: { ...page, ...headers } });

describe('the way to the operations page', () => {
  it('begins at the root of the service, and is on no other', async () => {
    const root = await ask(`${stack.operationsUrl}/`, { headers: page });
    assert.deepEqual([root.status, root.headers.get('location')], [302, '/ops']);
    const behindPath = await ask(`${secure.url}/`, { headers: page });
    assert.equal(behindPath.headers.get('location'), '/jobs/ops');
    for (const path of ['/ops', '/ops/sign-in', '/ops/live', '/ops/queues/']) {
      for (const url of [stack.statusUrl, stack.apiUrl]) {
        assert.equal((await ask(url + path, { headers: page })).status, 404, path);
      }
    }
  });

  it('leads who has not signed in to the form and back, and nobody elsewhere', async () => {
    const asked = await get('/jobs?status=failed');
    assert.equal(asked.status, 303);
    const form = await ask(`${stack.operationsUrl}${asked.headers.get('location')}`, {
      headers: page,
    });
    assert.match(form.text, /name="next" value="\/ops\/jobs\?status=failed"/);
    for (const next of ['https://evil.example/ops', '//evil.example/ops', '/ops/../x', '/ops\\x']) {
      const { text } = await get(`/sign-in?next=${encodeURIComponent(next)}`);
      assert.match(text, /name="next" value="\/ops"/, next);
    }
    for (const path of ['/live?view=/', '/session']) {
      assert.equal((await get(path, { Accept: '*/*' })).status, 401, path);
    }
  });

  it('opens with the password, by a cookie that scripts, other sites and time do not get', async () => {
    const answer = await signIn();
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/ops/audit']);
    const cookie = answer.headers.getSetCookie()[0] ?? '';
    assert.match(cookie, /^kasabi_operator=[\w.-]+; Max-Age=1[78]\d\d; Path=\/ops; /);
    assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
    const signedIn = await get('', { Cookie: cookieOf(answer) });
    assert.equal(signedIn.status, 200);
    assert.equal(signedIn.headers.get('cache-control'), 'no-store');
    const policy = signedIn.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|data:|\*/);
    assert.doesNotMatch(signedIn.text, /<style|style=|<script(?! type="module" src=)| on\w+=/);
    const other = await get('', { Cookie: `${cookieOf(answer)}x` });
    assert.equal(other.status, 303, 'a cookie that was changed');
  });

  it('has a Secure cookie and the right addresses behind https and a path', async () => {
    const answer = await ask(`${secure.url}/ops/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ password, next: '/jobs/ops/audit' }),
    });
    assert.equal(answer.headers.get('location'), '/jobs/ops/audit');
    assert.match(answer.headers.get('set-cookie') ?? '', /; Path=\/jobs\/ops; .*; Secure; /);
  });

  it('slows down who guesses, and nobody who knows it or has a session', async () => {
    const cookie = cookieOf(await signIn());
    const began = performance.now();
    const first = await signIn('guess', { 'X-Forwarded-For': '10.9.9.9' });
    assert.equal(first.status, 403);
    assert.ok(performance.now() - began > 400);
    assert.match(first.text, /That is not the password/);
    const guesses = Array.from({ length: 100 }, (_, n) =>
      signIn('guess', { 'X-Forwarded-For': `[2001:db8:9:${n % 10}::${n}]:4711` }),
    );
    assert.equal((await get('', { Cookie: cookie })).status, 200, 'a session goes on');
    for (const address of ['2001:db8:9:3::77', '10.9.9.10', '10.9.9.9']) {
      assert.equal((await signIn(password, { 'X-Forwarded-For': address })).status, 303, address);
    }
    assert.deepEqual(
      new Set((await Promise.all(guesses)).map(({ status }) => status)),
      new Set([403]),
    );
  });

  it('opens at once to the password from an address that guesses, of which not all is held back', async () => {
    const from = { 'X-Forwarded-For': '10.9.8.7' };
    const flood = Array.from({ length: 300 }, () => signIn('guess', from));
    const began = performance.now();
    assert.equal((await signIn(password, from)).status, 303);
    assert.ok(performance.now() - began < 3_000);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    assert.ok(statuses.includes(429), 'not every guess is held back');
    assert.ok(statuses.every((status) => [403, 429].includes(status)));
  });

  it('is over with the sign-out, in every process, for its pages and its streams', async () => {
    const env = { OPERATOR_PASSWORD: password };
    const [first, second] = [
      await addService(stack, 'operations', env),
      await addService(stack, 'operations', env),
    ];
    try {
      const signedIn = await signIn(password, {}, first.url);
      const headers = { ...page, Cookie: cookieOf(signedIn) };
      const open = await fetch(`${first.url}/ops/live?view=/`, { headers });
      assert.equal(open.status, 200);
      const there = () => ask(`${second.url}/ops/audit`, { headers });
      const { text, status } = await there();
      assert.equal(status, 200);
      const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
      const out = await ask(`${first.url}/ops/sign-out`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ token }),
      });
      assert.equal(out.status, 303);
      const cleared = out.headers.get('set-cookie') ?? '';
      assert.match(cleared, /^kasabi_operator=; Path=\/ops; Expires=Thu, 01 Jan 1970/);
      // It ends with its session; until then it has no end.
      await open.text();
      assert.equal((await ask(`${first.url}/ops/audit`, { headers })).status, 303);
      const stream = { headers: { ...headers, Accept: '*/*' } };
      assert.equal((await ask(`${first.url}/ops/live?view=/`, stream)).status, 401);
      const form = await ask(`${first.url}/ops/sign-in`, { headers });
      assert.equal(form.status, 200, 'no way in circles');
      await waitFor(async () => (await there()).status === 303, { what: 'the other process' });
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  it('has a Secure cookie where a trusted proxy says https, though the public address is http', async () => {
    const proto = (value: string) => signIn(password, { 'X-Forwarded-Proto': value });
    for (const cookie of (await proto('https')).headers.getSetCookie()) {
      assert.match(cookie, /; Secure; /);
    }
    for (const cookie of (await proto('http')).headers.getSetCookie()) {
      assert.doesNotMatch(cookie, /; Secure/);
    }
    const untrusting = await addService(stack, 'operations', { OPERATOR_PASSWORD: password });
    try {
      const answer = await signIn(password, { 'X-Forwarded-Proto': 'https' }, untrusting.url);
      assert.equal(answer.status, 303);
      assert.doesNotMatch(answer.headers.getSetCookie().join(), /; Secure/);
    } finally {
      await untrusting.stop();
    }
  });

  it('takes no form from another site, or of another session', async () => {
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'https://evil.example' },
    ]) {
      assert.equal((await signIn(password, headers)).status, 403);
    }
    const [one, other] = [cookieOf(await signIn()), cookieOf(await signIn())];
    const { text } = await get('/audit', { Cookie: other });
    const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const path = `/jobs/${crypto.randomUUID()}/cancel`;
    const send = (url: string, Cookie: string, body: Record<string, string>) =>
      ask(`${stack.operationsUrl}/ops${url}`, {
        method: 'POST',
        headers: { ...page, Cookie },
        body: new URLSearchParams(body),
      });
    for (const body of [{}, { token: '' }, { token }]) {
      assert.equal((await send(path, one, body)).status, 403);
      assert.equal((await send('/sign-out', one, body)).status, 403);
    }
    assert.equal((await send('/sign-out', other, { token })).status, 303);
    const put = await ask(`${stack.operationsUrl}/ops/queues/api/queues/pause`, {
      method: 'PUT',
      headers: { Cookie: one },
    });
    assert.equal(put.status, 403, 'the view of the queue is read-only');
  });

  it('says that the queue is not shown without REDIS_URL', async () => {
    const { status, text } = await get('/queues/', { Cookie: cookieOf(await signIn()) });
    assert.equal(status, 200);
    assert.match(text, /REDIS_URL/);
  });

  it('leaves no password in a log', async () => {
    const lines = [...stack.operations.logs, ...secure.logs].join('\n');
    assert.match(lines, /an operator signed in/);
    assert.ok(!lines.includes(password) && !lines.includes('kasabi_operator='));
  });
});
