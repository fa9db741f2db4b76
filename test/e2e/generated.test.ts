// Thousands of generated requests: no 5xx, no stack trace, no hanging connection, and no record that a
// good request did not ask for. GENERATED_REQUESTS sets how many.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startStack, type TestStack } from '@kasabi/test/support';
import { countRecords, inMs, submitForm } from '@kasabi/test/support/client';
import { exchange, type RawAnswer } from '@kasabi/test/support/raw-http';
import fc from 'fast-check';
import { environment } from '../support/env.ts';
import { type GeneratedRequest, generatedRequest } from './support/generated-requests.ts';

const count = Number(environment()['GENERATED_REQUESTS'] ?? 2_000);

let stack: TestStack;

before(async () => {
  stack = await startStack({
    workers: 0,
    env: { LOG_LEVEL: 'warn' },
    // Limits are tested elsewhere; here they would answer in place of what is tested.
    serviceEnv: { api: { RATE_LIMIT_PER_MINUTE: '0', MAX_OPEN_JOBS_PER_DATASET: '0' } },
  });
});
after(() => stack?.stop());

function bytesOf({ method, target, headers, body, framing }: GeneratedRequest): Buffer {
  const chunked = framing === 'chunked' && body.length > 0;
  const length = framing === 'short' ? Math.floor(body.length / 2) : body.length;
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: api.example',
    'Connection: close',
    ...headers,
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
  ];
  const size = chunked ? `${body.length.toString(16)}\r\n` : '';
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n${size}`, 'latin1'),
    body,
    Buffer.from(chunked ? '\r\n0\r\n\r\n' : ''),
  ]);
}

/** Whether anything in it asks for a reset of the dataset with its owner's key; the least of a good one. */
function mayAsk({ host, method, target, headers, body }: GeneratedRequest): boolean {
  const whole = `${target} ${headers.join(' ')} ${body.toString()}`.replace(
    /%([0-9a-f]{2})/gi,
    (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)),
  );
  const path = /^(http:\/\/h\.example)?\/dataset\/nasa\/jobs\/?($|\?)/;
  return (
    host === 'api' &&
    method === 'POST' &&
    path.test(target) &&
    whole.includes(stack.key) &&
    /jobType"?[=:]"?reset/.test(whole)
  );
}

function assertClear(request: GeneratedRequest, answer: RawAnswer): void {
  const { status, headers, body } = answer;
  assert.ok(status < 500, `${status}: ${body}`);
  assert.doesNotMatch(body, /\n\s+at |node_modules|\.[jt]s:\d/, 'a stack trace');
  assert.ok(headers['x-request-id'], 'it has a request id');
  if (status < 400 || request.method === 'HEAD') return;
  const sentence = /json/.test(headers['content-type'] ?? '') ? JSON.parse(body).detail : body;
  assert.match(sentence, /^[^\n]+[.?]\n?$/);
}

it(`answers ${count} generated requests clearly and records the good ones alone`, {
  timeout: 900_000,
}, async () => {
  const first = await submitForm(stack, { jobType: 'reset', startTime: inMs(60_000) });
  assert.equal(first.status, 202, first.text);
  const locations = new Set([first.text]);
  const seen = new Map<number, number>();
  const around = {
    key: stack.key,
    dataset: stack.dataset,
    jobId: first.text.split('/').at(-1) ?? '',
  };

  await fc.assert(
    fc.asyncProperty(generatedRequest(around), async (request) => {
      const port = request.host === 'api' ? stack.api.port : stack.status.port;
      const head = request.method === 'HEAD';
      const answers = await exchange(port, bytesOf(request), { head });
      // A tunnel is refused by closing the connection, as Node.js does for all servers that have none.
      if (request.method !== 'CONNECT') assert.ok(answers.length > 0, 'there is an answer');
      for (const answer of answers) {
        assertClear(request, answer);
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        if (answer.status !== 202) continue;
        assert.ok(mayAsk(request), 'what was accepted asks for a job');
        locations.add(answer.headers['location'] ?? '');
      }
    }),
    { numRuns: count, endOnFailure: false },
  );

  assert.equal(await countRecords(stack), locations.size);
  // The generator would be of no use if it never got anywhere.
  for (const status of [200, 202, 400, 401, 404, 405, 413, 415]) {
    assert.ok((seen.get(status) ?? 0) > 0, `${status} is among ${JSON.stringify([...seen])}`);
  }
});
