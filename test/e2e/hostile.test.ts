// Requests as no well-meaning client sends them, byte by byte.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, countRecords, jobsUrl } from '@kasabi/test/support/client';
import { exchange, openRaw } from '@kasabi/test/support/raw-http';
import {
  asForm,
  at,
  good,
  hostileMessages,
  json,
  type Message,
  message,
} from './support/hostile-messages.ts';

let stack: TestStack;
let accepted = 0;

before(async () => {
  stack = await startStack({ workers: 0 });
});
after(async () => {
  try {
    assert.equal(await countRecords(stack), accepted, 'records that no good request asked for');
    for (const service of [stack.api, stack.status]) {
      const errors = service.logs.filter((line) => /"level":[56]0/.test(line));
      assert.deepEqual(errors, [], `${service.name} has failed`);
    }
  } finally {
    await stack?.stop();
  }
});

describe('a request with', () => {
  for (const [what, [statuses, parts]] of Object.entries(hostileMessages)) {
    it(`${what} is answered ${String(statuses)}, in a sentence`, async () => {
      const [answer, ...others] = await exchange(stack.api.port, message(stack.key, parts));
      assert.deepEqual(others, []);
      assert.ok(answer, 'there is an answer');
      assert.ok([statuses].flat().includes(answer.status), `${answer.status} ${answer.body}`);
      assert.ok(answer.headers['x-request-id']);
      if (answer.status !== 204) assert.match(answer.body, /^[^\n]+[.?]\n$/);
      assert.doesNotMatch(answer.body, /node_modules|\.[jt]s:\d|kasabi_/);
    });
  }

  it('no Host is answered 400, but as HTTP/1.0 it is served', async () => {
    const rest = `X_KASABI_APIKEY: ${stack.key}\r\nContent-Length: 0\r\n\r\n`;
    const target = 'POST /dataset/nasa/jobs?jobType=reset';
    const [modern] = await exchange(
      stack.api.port,
      `${target} HTTP/1.1\r\nConnection: close\r\n${rest}`,
    );
    assert.equal(modern?.status, 400);
    assert.match(modern.body, /header Host is missing/);
    const [old] = await exchange(stack.api.port, `${target} HTTP/1.0\r\n${rest}`);
    assert.equal(old?.status, 202);
    accepted += 1;
  });
});

describe('what looks odd but is allowed', () => {
  for (const [what, parts] of Object.entries({
    'an absolute target': at('http://elsewhere.example/dataset/nasa/jobs'),
    'a trailing slash': at('/dataset/nasa/jobs/'),
    'an encoded letter': at('/dataset/n%61sa/jobs'),
    'a BOM before JSON': { headers: [json], body: '\uFEFF{"jobType":"reset"}' },
    'an unknown expectation': { headers: [asForm, 'Expect: the unexpected'], body: good },
    chunks: {
      headers: [asForm, 'Transfer-Encoding: chunked'],
      body: 'd\r\njobType=reset\r\n0\r\n\r\n',
    },
    'the same key three times': { headers: [asForm], body: good },
  } satisfies Record<string, Message>)) {
    it(`is accepted: ${what}`, async () => {
      const same = what.startsWith('the same') ? [`Authorization: Bearer ${stack.key}`] : [];
      const headers = [...(parts.headers ?? []), ...same];
      const [answer] = await exchange(stack.api.port, message(stack.key, { ...parts, headers }));
      assert.equal(answer?.status, 202, answer?.body);
      accepted += 1;
    });
  }

  it('is answered in order: a pipeline', async () => {
    const one = (startTime: string) =>
      message(stack.key, {
        line: `POST /dataset/nasa/jobs?jobType=reset&startTime=${startTime} HTTP/1.1`,
      })
        .toString()
        .replace('Connection: close\r\n', '');
    const connection = await openRaw(stack.api.port);
    connection.write(one('2026-01-01T00:00:00Z') + one('never') + one('2026-01-01T00:00:00Z'));
    const statuses = (await connection.answered(3)).map(({ status }) => status);
    connection.destroy();
    assert.deepEqual(statuses, [202, 400, 202]);
    accepted += 2;
  });
});

describe('a client that', () => {
  it('breaks off in its body leaves no record, and the service serves on', async () => {
    const connection = await openRaw(stack.api.port);
    connection.write(message(stack.key, { headers: [asForm, 'Content-Length: 50'], body: good }));
    connection.destroy();
    await waitFor(() => connection.closed(), { what: 'the connection to be gone' });
    const { status } = await ask(jobsUrl(stack), { method: 'PUT' });
    assert.equal(status, 405);
  });

  it('sends its headers a byte a second is cut off with 408', async () => {
    const connection = await openRaw(stack.status.port);
    connection.write('GET /dataset/nasa/status HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => connection.write('a'), 1_000);
    try {
      const [answer] = await connection.untilClosed(20_000);
      assert.equal(answer?.status, 408);
      assert.match(answer.body, /took too long to arrive/);
    } finally {
      clearInterval(drip);
      connection.destroy();
    }
  });
});
