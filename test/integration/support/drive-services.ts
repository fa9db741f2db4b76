import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createDataset, lockDataset, quadsTable } from '@kasabi/datasets';
import {
  type Claim,
  claim,
  createRescuer,
  fail,
  heartbeat,
  release,
  retry,
  unlockCancelled,
} from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { type OperatedStack, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, inMs, jobsUrl, submitForm, untilEnded } from '@kasabi/test/support/client';
import { type Operator, signIn } from '@kasabi/test/support/operator';

/** The password of the stack that is driven. */
export const operatorPassword = 'correct:horse-battery';

/** Has the services of a stack do what they can, so that each sends every statement it has. */
export async function driveServices(stack: OperatedStack): Promise<void> {
  await useAsOwner(stack);
  await useAsOperator(stack);
  await Promise.all(
    [stack.api, stack.status, stack.operations, ...stack.workers].map(({ url }) =>
      ask(`${url}/metrics`),
    ),
  );
  await endAttempts(stack);
}

async function submit(stack: TestStack, startsInMs = 0, more = {}): Promise<string> {
  const headers = { X_KASABI_APIKEY: stack.key, ...more };
  const parameters = { jobType: 'reset', startTime: inMs(startsInMs) };
  const answer = await submitForm(stack, parameters, headers);
  assert.equal(answer.status, 202, answer.text);
  return answer.text.trim();
}

const idOf = (url: string): string => url.split('/').at(-1) ?? '';
const later = 1_800_000;

async function useAsOwner(stack: TestStack): Promise<void> {
  const headers = { X_KASABI_APIKEY: stack.key };
  const { statusUrl, apiUrl, dataset } = stack;
  const done = await submit(stack);
  await untilEnded(done, stack.key);
  await untilEnded(await submit(stack, 0, { 'Idempotency-Key': 'once' }), stack.key);
  // Large enough to be truncated, and a writer who keeps it busy for the first attempt.
  const admin = stack.database.pool();
  const writer = await admin.connect();
  await writer.query(
    `BEGIN; INSERT INTO ${quadsTable(1)} SELECT n::text, 'p', 'o' FROM generate_series(1, 2000) n`,
  );
  const busy = await submit(stack);
  await waitFor(
    async () =>
      (await admin.query('SELECT FROM kasabi.job WHERE busy_since IS NOT NULL')).rowCount === 1,
    { what: 'a job to find its dataset busy' },
  );
  await writer.query('COMMIT');
  writer.release();
  await untilEnded(busy, stack.key);

  await exportAndDownload(stack, headers);
  const scheduled = await submit(stack, later);
  const changed = ask(scheduled, { headers: { ...headers, Prefer: 'wait=5' } });
  const events = await fetch(`${scheduled}/events`, { headers });
  const list = `${statusUrl}/data/${dataset}/jobs`;
  for (const query of [
    '',
    '?status=failed',
    '?status=completed&jobType=reset&limit=1',
    '?status=scheduled',
  ]) {
    assert.equal((await ask(`${list}${query}`, { headers })).status, 200, query);
  }
  for (const path of ['status', ''])
    await ask(`${statusUrl}/dataset/${dataset}${path && `/${path}`}`);
  await ask(`${statusUrl}/dataset/${dataset}.ttl`);
  await ask(`${apiUrl}/dataset/${dataset}/jobs/${idOf(scheduled)}`, { method: 'DELETE', headers });
  await ask(jobsUrl(stack, 'nowhere'), { method: 'POST', headers, body: new URLSearchParams({}) });
  await changed;
  await events.body?.cancel();
}

/** An export that completes, whose file is restored and then found by the sweeper, and one that is cancelled. */
async function exportAndDownload(stack: TestStack, headers: Record<string, string>): Promise<void> {
  const exported = await submitForm(stack, { jobType: 'export' }, headers);
  await untilEnded(exported.text, stack.key);
  const source = exported.text.replace('/jobs/', '/exports/');
  assert.equal((await ask(source, { headers })).status, 200);
  const restore = async (): Promise<void> => {
    const restored = await submitForm(stack, { jobType: 'restore', source }, headers);
    assert.equal((await untilEnded(restored.text, stack.key)).status, 'completed');
  };
  await restore();
  // Instead of swapping tables, which would lose the index.
  await stack.database.pool().query(`CREATE INDEX mine ON ${quadsTable(1)} (subject)`);
  await restore();
  await stack.database.pool().query('DROP INDEX store.mine');
  // What is left to the loop of the workers.
  await unlockCancelled(stack.database.pool('worker'), null);
  const cancelled = await submitForm(stack, { jobType: 'export', startTime: inMs(later) }, headers);
  await ask(cancelled.text, { method: 'DELETE', headers });
}

async function useAsOperator(stack: OperatedStack): Promise<void> {
  const { operationsUrl, dataset, database } = stack;
  const operator = await signIn(operationsUrl, operatorPassword);
  const act = async (path: string, fields: Record<string, string> = {}): Promise<void> => {
    const answer = await operator.act(path, fields);
    assert.equal(answer.status, 303, `${path}: ${answer.text}`);
  };
  const failed = await submit(stack, later);
  await database
    .pool()
    .query(
      `UPDATE kasabi.job SET status = 'failed', reason = 'error', message = 'no', end_time = now() WHERE id = $1`,
      [idOf(failed)],
    );
  await act(`/jobs/${idOf(failed)}/retry`);
  await act(`/jobs/${idOf(await submit(stack, later))}/cancel`);
  const other = await createDataset(database.pool(), { code: 'abandoned', owner: stack.owner });
  await withTransaction(database.pool(), (client) =>
    lockDataset(client, { datasetId: other.id, jobId: randomUUID(), timeoutMs: 1_000 }),
  );
  const pages = [`/jobs/${idOf(failed)}`, '/datasets/abandoned', `/datasets/${dataset}`];
  await browse(operator, pages);
  const all = `dataset=${dataset}&owner=owner&message=nobody+says+this&time=ended&from=2020-01-01T00:00Z`;
  const agreed = { count: '100', newest: 'ffffffff-ffff-7fff-bfff-ffffffffffff' };
  for (const verb of ['cancel', 'retry']) await act(`/bulk/${verb}?${all}`, agreed);
  const finding = '/findings/dataset-abandoned';
  await waitFor(async () => (await operator.look('')).text.includes(finding), {
    what: 'the abandoned dataset to be found',
  });
  for (const verb of ['acknowledge', 'unacknowledge']) {
    await act(`${finding}/${verb}?subject=abandoned`);
  }
  await act('/datasets/abandoned/unlock');
  for (const place of ['', `/datasets/${dataset}`]) {
    await act(`${place}/pause`, { reason: 'a restore' });
    await act(`${place}/resume`);
  }
}

/** Looks at every page that a page links to, twice: views that are the same for all are kept for a while. */
async function browse(operator: Operator, paths: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  const left = [
    ...['', ...paths],
    ...[
      'text=no',
      'status=failed',
      'status=cancelled',
      'status=waiting',
      'dataset=nasa',
      'owner=owner',
      'message=busy',
      'time=ended&from=2020-01-01T00:00Z&to=2030-01-01T00:00Z',
    ].map((search) => `/jobs?${search}`),
    ...['', 'owner=owner', 'locked=yes', 'paused=no', 'status=draft', 'text=na'].map(
      (search) => `/datasets?${search}`,
    ),
    '/bulk/cancel?dataset=nasa',
    '/bulk/retry?dataset=nasa&owner=owner&message=busy',
  ];
  for (let path = left.pop(); path !== undefined && seen.size < 90; path = left.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, text } = await operator.look(path);
    // The job that holds the abandoned lock is not there, and a finding may have ended meanwhile.
    assert.ok(status === 200 || status === 404, `${path}: ${status}`);
    for (const [, link = ''] of text.matchAll(/href="\/ops([^"]*)"/g)) {
      if (!/assets|queues|sign-out/.test(link)) left.push(link.replaceAll('&amp;', '&'));
    }
  }
}

/** What ends an attempt otherwise than by completing it, as a worker does it. */
async function endAttempts(stack: TestStack): Promise<void> {
  const [admin, worker] = [stack.database.pool(), stack.database.pool('worker')];
  // It would take the jobs up itself.
  for (const running of stack.workers) await running.stop();
  let taken = 0;
  const take = async (): Promise<Claim> => {
    const jobId = idOf(await submit(stack, later));
    taken += 1;
    const { id } = await createDataset(admin, { code: `taken-${taken}`, owner: stack.owner });
    await admin.query(
      `UPDATE kasabi.job SET created = now() - interval '1 hour', start_time = now(), due = now(), dataset_id = $2
       WHERE id = $1`,
      [jobId, id],
    );
    const claimed = await claim(worker, { jobId, holder: 'me', leaseMs: 60_000 });
    if (claimed.outcome !== 'claimed') throw new Error(`The job is ${claimed.outcome}.`);
    return claimed.claim;
  };
  const kept = await take();
  await heartbeat(worker, [kept], 60_000);
  await release(worker, kept);
  await retry(worker, await take(), { delayMs: later, message: 'busy', busy: true });
  await retry(worker, await take(), { delayMs: later, message: 'no' });
  await fail(worker, await take(), { message: 'no', reason: 'error' });
  await take();
  await admin.query(
    "UPDATE kasabi.job SET lease_expires = now() - interval '1 second' WHERE status = 'running'",
  );
  const rescued: unknown[] = [];
  await createRescuer({
    ...{ pool: worker, intervalMs: 1_000, maxAttempts: 5, onRescue: (job) => rescued.push(job) },
    onError: rethrow,
  }).runOnce();
  assert.equal(rescued.length, 1);
}

function rethrow(error: unknown): never {
  throw error;
}
