// What the API and the status service refuse, and how they say it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import {
  ask,
  assertRefused,
  countRecords,
  form,
  inMs,
  jobsUrl,
  submitForm,
} from '@kasabi/test/support/client';
import { exchange, openRaw } from '@kasabi/test/support/raw-http';

let stack: TestStack;

before(async () => {
  stack = await startStack({ workers: 0 });
});
after(async () => {
  try {
    assert.equal(await countRecords(stack), 0, 'a refused request has left a record');
  } finally {
    await stack?.stop();
  }
});

describe('400', () => {
  for (const [what, parameters, sentence] of [
    ['no jobType', {}, /jobType is missing; it must be reset/],
    ['another jobType', { jobType: 'resett' }, /no such jobType; did you mean reset/],
    ['a start time without an offset', { startTime: '2030-01-01T00:00:00' }, /offset from UTC/],
    ['a day that does not exist', { startTime: '2030-02-30T00:00:00Z' }, /does not exist/],
    ['an empty start time', { startTime: '' }, /startTime is empty; leave it out/],
    ['a start time in seconds', { startTime: '1795439202' }, /2026-11-23T13:06:42Z/],
    ['a start time too far ahead', { startTime: '9999-12-31T23:59:60Z' }, /at most 366 days/],
    ['an unknown parameter', { starttime: inMs(0) }, /starttime .* did you mean startTime/],
  ] as const) {
    it(`for ${what}`, async () => {
      const jobType: Record<string, string> = what.includes('jobType') ? {} : { jobType: 'reset' };
      assertRefused(await submitForm(stack, { ...jobType, ...parameters }), 400, sentence);
    });
  }

  it('for the same parameter in two places with two values', async () => {
    const answer = await ask(`${jobsUrl(stack)}?jobType=reset&startTime=2030-01-01T00:00:00Z`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', X_KASABI_APIKEY: stack.key },
      body: '{"startTime": "2031-01-01T00:00:00Z"}',
    });
    assertRefused(answer, 400, /startTime is given twice, with different values; send it once/);
  });

  it('for an offset whose + is not escaped, and says how to', async () => {
    const asked = 'jobType=reset&startTime=2030-01-01T00:00:00+01:00';
    const headers = { 'Content-Type': form, X_KASABI_APIKEY: stack.key };
    for (const [query, body] of [[`?${asked}`], ['', asked]] as const) {
      const init = { method: 'POST', headers, ...(body !== undefined && { body }) };
      const answer = await ask(`${jobsUrl(stack)}${query}`, init);
      assertRefused(answer, 400, /\+ stands for a space; write it as %2B/);
    }
  });

  it('for an Idempotency-Key that is empty, blank or sent twice', async () => {
    for (const lines of ['Idempotency-Key:', 'Idempotency-Key: \t', 'Idempotency-Key: ""'].concat(
      'Idempotency-Key: a\r\nIdempotency-Key: a',
    )) {
      const request = [
        `POST /dataset/${stack.dataset}/jobs?jobType=reset HTTP/1.1`,
        ...['Host: x', `X_KASABI_APIKEY: ${stack.key}`, lines, 'Connection: close', '', ''],
      ];
      const [answer] = await exchange(stack.api.port, request.join('\r\n'));
      assert.equal(answer?.status, 400, lines);
      assert.match(answer.body, /Idempotency-Key must be 1 to 255|idempotency-key is sent twice/);
    }
  });

  it('for an unknown parameter of a job document', async () => {
    const answer = await ask(`${stack.statusUrl}/data/${stack.dataset}/jobs/1?api_key=x`, {
      headers: { X_KASABI_APIKEY: stack.key },
    });
    assertRefused(answer, 400, /api_key is not a parameter here; did you mean apikey/);
  });
});

describe('404', () => {
  for (const [where, url] of [
    ['a dataset', () => jobsUrl(stack, 'mars')],
    ['a short code that cannot be one', () => jobsUrl(stack, 'NASA')],
    ['a short code that is too long', () => jobsUrl(stack, 'n'.repeat(64))],
    ['an address', () => `${stack.apiUrl}/dataset/${stack.dataset}`],
  ] as const) {
    it(`for ${where} that is not there`, async () => {
      const answer = await ask(url(), {
        method: 'POST',
        headers: { 'Content-Type': form, X_KASABI_APIKEY: stack.key },
        body: 'jobType=reset',
      });
      assertRefused(answer, 404, /^There is (nothing at|no)/);
    });
  }

  it('for a job, and for the job of another dataset', async () => {
    for (const id of ['12345', '01a20887-fc9b-7ea8-a838-06bfc9de4185', '%00']) {
      const answer = await ask(`${stack.statusUrl}/data/${stack.dataset}/jobs/${id}`, {
        headers: { X_KASABI_APIKEY: stack.key },
      });
      assertRefused(answer, 404, /^The dataset nasa has no such job/);
    }
  });

  it('for the status of a dataset', async () => {
    assertRefused(await ask(`${stack.statusUrl}/dataset/mars/status`), 404, /no dataset mars/);
  });
});

describe('405', () => {
  it('says in words and in Allow what is possible', async () => {
    for (const [url, allow, methods] of [
      [jobsUrl(stack), 'GET, HEAD, POST, OPTIONS', ['PUT', 'DELETE', 'PATCH', 'PROPFIND']],
      [`${jobsUrl(stack)}/1`, 'DELETE, OPTIONS', ['GET', 'POST']],
      [`${stack.statusUrl}/dataset/nasa/status`, 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'DELETE']],
      [`${stack.statusUrl}/data/nasa/jobs/1`, 'GET, HEAD, DELETE, OPTIONS', ['POST', 'PATCH']],
      [`${stack.apiUrl}/healthz`, 'GET, HEAD, OPTIONS', ['POST']],
    ] as const) {
      for (const method of methods) {
        const answer = await ask(url, { method });
        assertRefused(answer, 405, new RegExp(`^${method} is not allowed here; use `));
        assert.equal(answer.headers.get('allow'), allow);
      }
      const options = await ask(url, { method: 'OPTIONS' });
      assert.deepEqual([options.status, options.headers.get('allow')], [204, allow]);
      assert.ok(options.headers.get('x-request-id'));
    }
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const url = `${stack.statusUrl}/dataset/nasa/status`;
    const [head, get] = [await ask(url, { method: 'HEAD' }), await ask(url)];
    assert.equal(head.text, '');
    for (const name of ['content-type', 'content-length', 'cache-control']) {
      assert.equal(head.headers.get(name), get.headers.get(name));
    }
    const refused = await ask(`${jobsUrl(stack)}/1`, { method: 'HEAD' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'DELETE, OPTIONS']);
    assert.equal(refused.text, '');
  });

  it('answers TRACE like any other method, and repeats no header of it', async () => {
    const [answer] = await exchange(
      stack.api.port,
      'TRACE /dataset/nasa/jobs HTTP/1.1\r\nHost: x\r\nX_KASABI_APIKEY: SECRET\r\nConnection: close\r\n\r\n',
    );
    assert.equal(answer?.status, 405);
    assert.doesNotMatch(answer.body, /SECRET/);
  });
});

describe('413 and 415', () => {
  const post = (headers: Record<string, string>, body: string) =>
    ask(jobsUrl(stack), {
      method: 'POST',
      headers: { X_KASABI_APIKEY: stack.key, ...headers },
      body,
    });

  it('name the limit', async () => {
    const body = `jobType=reset&${'x'.repeat(1_000_000)}`;
    assertRefused(await post({ 'Content-Type': form }, body), 413, /at most 16384 bytes/);
  });

  it('come before the body when its length says that it is too large', async () => {
    const connection = await openRaw(stack.api.port);
    const head = `POST /dataset/nasa/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n`;
    connection.write(head);
    const [answer] = await connection.answered(1);
    connection.destroy();
    assert.equal(answer?.status, 413);
    assert.match(answer.body, /at most 16384 bytes/);
  });

  it('name the types that are read', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/json; charset=utf-16']) {
      const answer = await post({ 'Content-Type': type }, '{"jobType":"reset"}');
      assertRefused(answer, 415, /x-www-form-urlencoded or application\/json, in UTF-8/);
    }
    for (const encoding of ['gzip', 'br', 'x', 'gzip, gzip']) {
      const headers = { 'Content-Type': form, 'Content-Encoding': encoding };
      assertRefused(await post(headers, 'jobType=reset'), 415, /without that header/);
    }
  });
});

describe('an error for a client that prefers JSON', () => {
  it('is a problem document whose instance is the request', async () => {
    const refused = () =>
      submitForm(
        stack,
        { jobType: 'rest' },
        { X_KASABI_APIKEY: stack.key, Accept: 'application/json' },
      );
    const { status, headers, text } = await refused();
    assert.equal(status, 400);
    assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.deepEqual(JSON.parse(text), {
      type: 'urn:kasabi:problem:invalid-parameter',
      title: 'A parameter is invalid',
      status: 400,
      detail: 'There is no such jobType; did you mean reset?',
      instance: `urn:kasabi:request:${headers.get('x-request-id')}`,
    });
    // Of those that are turned away in one second, the first few have a line each.
    const ids = [headers.get('x-request-id')];
    await waitFor(
      async () => {
        if (stack.api.logs.some((line) => ids.some((id) => line.includes(`"id":"${id}"`))))
          return true;
        ids.push((await refused()).headers.get('x-request-id'));
        return false;
      },
      { what: 'the log line with the id', everyMs: 500 },
    );
  });
});
