// What a client sees of its jobs while it waits for them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStack, type TestService, type TestStack } from '@kasabi/test/support';
import { type Answer, ask, inMs, submitForm } from '@kasabi/test/support/client';
import { openRaw } from '@kasabi/test/support/raw-http';
import { change, jobUrl, makeJobs, openEvents } from '@kasabi/test/support/watch-jobs';
import { addService, firstWaiter, untilNobodyWaits } from '@kasabi/test/support/watch-services';
import type pg from 'pg';

let stack: TestStack;
let pool: pg.Pool;
let key: { readonly X_KASABI_APIKEY: string };

before(async () => {
  stack = await startStack({ workers: 0, serviceEnv: { status: { MAX_WAIT_SECONDS: '2' } } });
  pool = stack.database.pool();
  key = { X_KASABI_APIKEY: stack.key };
});
after(() => stack?.stop());

const look = (id: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(jobUrl(stack, id), { headers: { ...key, ...headers } });

const statusOf = (answer: Answer): string => JSON.parse(answer.text).status;

/** Makes a job and brings it into these states, one after the other. */
async function job(...states: Parameters<typeof change>[2][]): Promise<string> {
  const [id = ''] = await makeJobs(pool, 1);
  for (const state of states) await change(pool, id, state);
  return id;
}

/** Asks and says how long the answer took, in milliseconds. */
async function timed(answer: Promise<Answer>): Promise<Answer & { readonly tookMs: number }> {
  const from = performance.now();
  return { ...(await answer), tookMs: performance.now() - from };
}

describe('monitor URL', () => {
  it('is given to every accepted job, as Location and as the body, and shows the job', async () => {
    const accepted = await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
    assert.equal(accepted.status, 202);
    const url = accepted.headers.get('location') ?? '';
    assert.equal(accepted.text, url);
    const { status, text } = await ask(url, { headers: key });
    assert.equal(status, 200);
    const { jobType, dataset, attempt, message, jobStatus, endTime } = JSON.parse(text);
    assert.deepEqual(
      { jobType, dataset, attempt, message, jobStatus, endTime },
      {
        jobType: 'reset',
        dataset: 'nasa',
        attempt: 0,
        message: null,
        jobStatus: 'pending',
        endTime: null,
      },
    );
  });
});

describe('poll hint', () => {
  it('Retry-After says when to ask again: as far off as the start, at most an hour', async () => {
    const hint = async (id: string) => (await look(id)).headers.get('retry-after');
    const [soon = '', late = '', over = ''] = [
      ...(await makeJobs(pool, 1, 90)),
      ...(await makeJobs(pool, 1, 86_400)),
      ...(await makeJobs(pool, 1, 0)),
    ];
    assert.match((await hint(soon)) ?? '', /^(90|89|88)$/);
    assert.equal(await hint(late), '3600');
    assert.equal(await hint(over), '1');
    assert.equal(await hint(await job('running')), '1');
    assert.equal(await hint(await job('failed')), null, 'an ended job need not be asked for again');
  });

  it('Retry-After after a wait counts from its end', async () => {
    const [id = ''] = await makeJobs(pool, 1, 90);
    const { headers } = await look(id, { Prefer: 'wait=2' });
    assert.match(headers.get('retry-after') ?? '', /^(88|87|86)$/);
  });
});

describe('server-side wait', () => {
  it('Prefer: wait holds the answer until the job changes state, be it to running', async () => {
    const id = await job();
    for (const state of ['running', 'retrying', 'running', 'completed'] as const) {
      const held = await firstWaiter(pool);
      const answer = timed(look(id, { Prefer: 'respond-async, wait=2' }));
      await held();
      await change(pool, id, state);
      const { status, headers, text, tookMs } = await answer;
      assert.equal(status, 200);
      assert.equal(headers.get('preference-applied'), 'wait=2');
      assert.equal(JSON.parse(text).status, state === 'retrying' ? 'scheduled' : state);
      assert.ok(tookMs < 1_900, `${tookMs} ms`);
    }
  });

  it('returns after N seconds, at most MAX_WAIT_SECONDS, with the job as it is', async () => {
    const id = await job();
    for (const [asked, applied] of [
      ['wait=1', 1],
      ['wait="1"', 1],
      ['wait=9999999999', 2],
      ['wait=0', 0],
    ] as const) {
      const { headers, tookMs, ...answer } = await timed(look(id, { Prefer: asked }));
      assert.equal(statusOf({ headers, ...answer }), 'scheduled');
      assert.equal(headers.get('preference-applied'), `wait=${applied}`);
      const beyond = tookMs - applied * 1_000;
      assert.ok(beyond > -20 && beyond < 900, `${asked}: ${tookMs} ms`);
    }
  });

  it('does not wait for a job that has ended, nor for a preference it does not know', async () => {
    const ended = await timed(look(await job('failed'), { Prefer: 'wait=2' }));
    assert.equal(ended.headers.get('preference-applied'), 'wait=2');
    assert.ok(ended.tookMs < 900, `${ended.tookMs} ms`);
    const id = await job();
    for (const prefer of ['wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=2s', 'await=2', '=;,']) {
      const { status, headers, tookMs } = await timed(look(id, { Prefer: prefer }));
      assert.deepEqual([status, headers.get('preference-applied')], [200, null], prefer);
      assert.ok(tookMs < 900, `${prefer}: ${tookMs} ms`);
    }
  });

  it('with If-None-Match, misses no change between two waits, and answers 304 for none', async () => {
    const id = await job();
    const tag = (await look(id)).headers.get('etag') ?? '';
    const known = { Prefer: 'wait=1', 'If-None-Match': tag };
    const unchanged = await look(id, known);
    assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
    assert.equal(unchanged.headers.get('preference-applied'), 'wait=1');
    await change(pool, id, 'running');
    const missed = await timed(look(id, known));
    assert.equal(statusOf(missed), 'running');
    assert.ok(missed.tookMs < 900, `${missed.tookMs} ms`);
  });
});

describe('event stream', () => {
  it('sends the job at once and at each change, and ends with it', async () => {
    const id = await job();
    const stream = await openEvents(`${jobUrl(stack, id)}/events`, key);
    assert.equal(stream.response.statusCode, 200);
    assert.equal(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(stream.response.headers['cache-control'], 'no-store');
    const states = ['scheduled', 'running', 'completed'] as const;
    for (const [index, state] of states.entries()) {
      if (state !== 'scheduled') await change(pool, id, state);
      const event = await stream.nth(index + 1);
      assert.equal(event['event'], 'status');
      assert.equal(JSON.parse(event['data'] ?? '').status, state);
    }
    await stream.ended;
    const { text } = await look(id);
    assert.equal(
      stream.events().at(-1)?.['data'],
      text,
      'the document, as it is at its own address',
    );
  });
});

describe('waits and streams', () => {
  let patient: TestService;
  before(async () => {
    patient = await addService(stack, 'status');
  });
  after(() => patient?.stop());

  it('cost nothing any more once the client has gone, be it one of a pipeline', async () => {
    const id = await job();
    for (const what of ['', '/events']) {
      await untilNobodyWaits(pool);
      const held = await firstWaiter(pool);
      const connection = await openRaw(patient.port);
      const line = `GET /data/nasa/jobs/${id}${what} HTTP/1.1\r\nHost: h\r\n`;
      const asked = `${line}X_KASABI_APIKEY: ${stack.key}\r\nPrefer: wait=60\r\n\r\n`;
      connection.write(asked.repeat(3));
      await held();
      connection.destroy();
      await untilNobodyWaits(pool);
    }
  });

  it('end when the service is told to stop, which takes it no time', async () => {
    const held = await firstWaiter(pool);
    const at = jobUrl(stack, await job()).replace(stack.statusUrl, patient.url);
    const waiting = ask(at, { headers: { ...key, Prefer: 'wait=60' } });
    const stream = await openEvents(`${at}/events`, key);
    await held();
    const from = performance.now();
    await Promise.all([patient.stop(), stream.ended]);
    assert.equal(statusOf(await waiting), 'scheduled');
    assert.ok(performance.now() - from < 2_000, `${performance.now() - from} ms`);
  });
});
