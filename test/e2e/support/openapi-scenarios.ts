import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestStack, waitFor } from '@kasabi/test/support';
import { inMs, submitForm } from '@kasabi/test/support/client';
import type { CheckedAnswer, DocumentedWorld } from './openapi-world.ts';

/** Follows a job from its acceptance to its end in each way that the documentation names. */
export async function watchToTheEnd(world: DocumentedWorld): Promise<void> {
  const { stack, contract, document } = world;
  const accepted = await submitForm(stack, { jobType: 'reset', startTime: inMs(1_500) });
  const url = accepted.text;
  const headers = { X_KASABI_APIKEY: stack.key };
  const get = (more: Record<string, string> = {}): Promise<CheckedAnswer> =>
    world.send({ method: 'GET', url, headers: { ...headers, ...more } });

  const live = await get();
  const retryAfter = Number(live.headers.get('retry-after'));
  assert.ok(retryAfter >= 1 && retryAfter <= 2, `Retry-After: ${retryAfter}`);
  assert.equal(live.headers.get('cache-control'), 'private, no-cache');
  const stream = world.send({ method: 'GET', url: `${url}/events`, headers });
  const began = Date.now();
  const changed = await get({ Prefer: 'wait=30' });
  assert.equal(changed.headers.get('preference-applied'), 'wait=30');
  assert.ok(Date.now() - began < 15_000, 'it waited for the change, not for the time');
  assert.notEqual(JSON.parse(changed.text).status, 'scheduled');

  const events = [...(await stream).text.matchAll(/^data: (.*)$/gm)].map((match) =>
    JSON.parse(match[1] ?? ''),
  );
  const { Job } = document.components.schemas;
  for (const event of events) contract.checkValue(Job ?? {}, event, 'an event');
  assert.equal(events[0]?.status, 'scheduled');
  assert.equal(events.at(-1)?.status, 'completed');

  const ended = await get();
  assert.deepEqual(JSON.parse(ended.text), events.at(-1));
  assert.equal(ended.headers.get('retry-after'), null);
  assert.equal(ended.headers.get('cache-control'), 'private, max-age=3600');
  const again = await get({ 'If-None-Match': ended.headers.get('etag') ?? '' });
  assert.deepEqual([again.status, again.text], [304, '']);

  // Everything is on the list, page by page.
  const page = await world.send({ method: 'GET', url: '/data/schema/jobs?limit=1', headers });
  assert.equal(JSON.parse(page.text).jobs.length, 1);
  const next = /^<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
  const second = await world.send({ method: 'GET', url: next, headers });
  assert.ok(JSON.parse(second.text).jobs[0].url < JSON.parse(page.text).jobs[0].url);
}

/** Cancels a job, and looks at what becomes of it. */
export async function cancelAndLook(world: DocumentedWorld): Promise<void> {
  const headers = { X_KASABI_APIKEY: world.stack.key };
  const { text: url } = await submitForm(world.stack, { jobType: 'reset', startTime: inMs(1_000) });
  const cancelled = await world.send({ method: 'DELETE', url, headers });
  assert.equal(cancelled.status, 200, cancelled.text);
  const due = Date.now() + 1_500;
  await waitFor(() => Date.now() > due, { what: 'the time at which it was due' });
  const { text } = await world.send({ method: 'GET', url, headers });
  const { status, reason, attempt, message } = JSON.parse(text);
  assert.deepEqual([status, reason, attempt], ['failed', 'cancelled', 0], 'it never ran');
  assert.match(message, /^Cancelled by owner/);
  assert.equal((await world.send({ method: 'DELETE', url, headers })).status, 409);
}

/** Repeats a request: after its answer, with other parameters, and before its answer. */
export async function repeatWithKey(world: DocumentedWorld): Promise<void> {
  const { stack } = world;
  const submit = (key: string, query = ''): Promise<CheckedAnswer> =>
    world.send({
      method: 'POST',
      url: `/dataset/schema/jobs?jobType=reset${query}`,
      headers: { X_KASABI_APIKEY: stack.key, 'Idempotency-Key': key },
    });
  const key = randomUUID();
  const [first, second] = [await submit(key), await submit(key)];
  assert.deepEqual([first.status, second.status, second.text], [202, 202, first.text]);
  assert.equal((await submit(key, '&startTime=2011-05-27T14:30:00Z')).status, 422);
  await withKeyInFlight(stack, async (other, release) => {
    const answer = submit(other);
    const blocked = async () => {
      const { rows } = await stack.database.pool().query(
        `SELECT FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    };
    await waitFor(blocked, { what: 'the request to wait for the other' });
    await release();
    assert.equal((await answer).status, 409);
  });
}

/** A key whose record is not committed until `release`, as that of a request under way. */
async function withKeyInFlight(
  stack: TestStack,
  step: (key: string, release: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const client = await stack.database.pool().connect();
  const key = randomUUID();
  try {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO kasabi.idempotency (api_key_id, key, fingerprint, job_id)
       SELECT id, $1, sha256('other'), uuidv7() FROM kasabi.api_key`,
      [key],
    );
    await step(key, async () => void (await client.query('COMMIT')));
  } finally {
    client.release();
  }
}
