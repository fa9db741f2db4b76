// The protocol as the platform's original clients speak it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStack, type TestStack } from '@kasabi/test/support';
import {
  type Answer,
  ask,
  inMs,
  jobAt,
  jobsUrl,
  submitForm,
  untilEnded,
} from '@kasabi/test/support/client';

let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const toTheSecond = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Asserts that a job was accepted and returns its URL. */
function acceptedAt(answer: Answer): string {
  assert.equal(answer.status, 202, answer.text);
  const location = answer.headers.get('location') ?? '';
  const start = `${stack.statusUrl}/data/${stack.dataset}/jobs/`;
  assert.ok(location.startsWith(start), location);
  assert.match(
    location.slice(start.length),
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}$/,
  );
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(answer.text, location, 'the body is the URL and nothing else');
  return location;
}

describe('a client that sends a form', () => {
  it('gets 202, takes the body for the URL, and reads the document to its end', async () => {
    const job = await submitForm(stack, { jobType: 'reset', startTime: inMs(0) });
    const ended = await untilEnded(acceptedAt(job), stack.key);
    assert.deepEqual(Object.keys(ended).slice(0, 4), ['created', 'startTime', 'endTime', 'status']);
    assert.equal(ended.status, 'completed');
    assert.equal(ended.jobStatus, 'applied');
    for (const time of [ended.created, ended.startTime, ended.endTime]) {
      assert.match(time ?? '', toTheSecond);
    }
    const { created, startTime, endTime } = ended;
    assert.deepEqual([created, startTime, endTime].sort(), [created, startTime, endTime]);
  });
});

describe('a client that sends JSON with Accept: */*', () => {
  it('reads Location and polls until status ends', async () => {
    const answer = await ask(jobsUrl(stack), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Kasabi-Apikey': stack.key,
        Accept: '*/*',
      },
      body: '{\n  "jobType": "reset",\n  "startTime": "2011-05-27T14:30:00Z"\n}',
    });
    const ended = await untilEnded(acceptedAt(answer), stack.key);
    assert.equal(ended.status, 'completed');
    // A start time in the past is now: a job cannot have been due before it was asked for.
    assert.equal(ended.startTime, ended.created);
  });
});

describe('a client that puts everything into the query string', () => {
  it('is accepted, with the key as a parameter, and without a body', async () => {
    const query = new URLSearchParams({ jobType: 'reset', apikey: stack.key });
    const answer = await ask(`${jobsUrl(stack)}?${query}`, { method: 'POST' });
    const location = acceptedAt(answer);
    const { status, text } = await ask(`${location}?apikey=${stack.key}`);
    assert.equal(status, 200, text);
    await untilEnded(location, stack.key);
  });

  it('is accepted with the key as a bearer token, or in the body', async () => {
    const bearer = await ask(`${jobsUrl(stack)}?jobType=reset`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack.key}` },
    });
    acceptedAt(bearer);
    acceptedAt(await submitForm(stack, { jobType: 'reset', apikey: stack.key }, {}));
  });
});

describe('a job that is set for later', () => {
  it('shows scheduled and no end, and starts neither early nor a second late', async () => {
    const startTime = inMs(3_000).replace(/\.\d+Z$/, '.500Z');
    const answer = await submitForm(stack, { jobType: 'reset', startTime });
    const location = acceptedAt(answer);
    const waiting = await jobAt(location, stack.key);
    assert.deepEqual(
      [waiting.status, waiting.jobStatus, waiting.endTime, waiting.attempt, waiting.startTime],
      ['scheduled', 'pending', null, 0, startTime.replace('.500Z', 'Z')],
    );
    const ended = await untilEnded(location, stack.key);
    assert.equal(ended.status, 'completed');
    const { rows } = await stack.database.pool().query<{ late: number }>(
      `SELECT extract(epoch FROM started - $2::timestamptz)::float8 AS late
       FROM kasabi.job WHERE id = $1`,
      [location.split('/').at(-1), startTime],
    );
    const late = rows[0]?.late ?? Number.NaN;
    assert.ok(late >= 0 && late < 1, `it started ${late} s after its start time`);
  });

  it('has its start time in UTC, whatever offset it was sent with', async () => {
    // Two days ahead: the half past one of tomorrow there may be past here.
    const day = inMs(48 * 3_600_000).slice(0, 10);
    const answer = await submitForm(stack, {
      jobType: 'reset',
      startTime: `${day}T01:30:00+05:30`,
    });
    const { startTime } = await jobAt(acceptedAt(answer), stack.key);
    assert.equal(startTime, new Date(`${day}T01:30:00+05:30`).toISOString().replace('.000Z', 'Z'));
  });
});

describe('the status of a dataset', () => {
  it('is for everyone, and says whether it can be written', async () => {
    const { status, headers, text } = await ask(
      `${stack.statusUrl}/dataset/${stack.dataset}/status`,
    );
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(text, '{"status":"draft","storageMode":"read-write","jobs":"running"}');
  });
});
