import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { JobType, RecordStatus } from '@kasabi/domain';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type Claim, claim } from './claim.ts';
import { complete } from './complete.ts';
import { confirmLease } from './confirm-lease.ts';
import { LeaseLost } from './errors.ts';
import { fail } from './fail.ts';
import { heartbeat } from './heartbeat.ts';
import { reportProgress } from './progress.ts';
import { release } from './release.ts';
import { rescue } from './rescue.ts';
import { retry } from './retry.ts';
import { type JobEvent, transitions } from './state.ts';

let fixture: Fixture;
let dataset: Dataset;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const other = 'worker-2';

/** Puts a fresh record into a status through real transitions; the claim is that of its last attempt. */
async function bring(status: RecordStatus, type: JobType = 'reset'): Promise<Claim> {
  dataset = await fixture.addDataset();
  // As after an earlier job.
  await fixture.admin.query('UPDATE kasabi.dataset SET fence = 1 WHERE id = $1', [dataset.id]);
  const jobId = await fixture.accept(dataset, undefined, type);
  const held = await fixture.take(jobId);
  if (status === 'scheduled') await retry(fixture.worker, held, { delayMs: 0, message: 'again' });
  if (status === 'cancelled') {
    await retry(fixture.worker, held, { delayMs: 0, message: 'again' });
    assert.ok(await fixture.cancel(jobId));
  }
  if (status === 'completed') await complete(fixture.worker, held);
  if (status === 'failed') await fail(fixture.worker, held, { reason: 'error', message: 'no' });
  return held;
}

/** Runs the function of an event; true when it took effect, false when it was refused. */
async function occur(event: JobEvent, held: Claim): Promise<boolean> {
  const { worker } = fixture;
  const { jobId } = held;
  const tried = (effect: Promise<unknown>): Promise<boolean> =>
    effect.then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof LeaseLost, String(error));
        return false;
      },
    );
  switch (event) {
    case 'claim': {
      const { outcome } = await claim(worker, { jobId, holder: other, leaseMs: 60_000 });
      if (outcome !== 'claimed') assert.equal(outcome, 'gone');
      return outcome === 'claimed';
    }
    case 'heartbeat':
      return (await heartbeat(worker, [held], 90_000)).get(jobId) === 'extended';
    case 'progress':
      return reportProgress(worker, held, { quads: 1, bytes: 2, ofQuads: 3, ofBytes: null });
    case 'fence':
      return tried(confirmLease(worker, held));
    case 'complete':
      return tried(complete(worker, held));
    case 'fail':
      return tried(fail(worker, held, { reason: 'error', message: 'no', cause: 'Error: no' }));
    case 'retry':
      return tried(retry(worker, held, { delayMs: 0, message: 'again' }));
    case 'release':
      return tried(release(worker, held));
    case 'rescue':
      return (await rescue(worker, { maxAttempts: 2, limit: 100 })).length > 0;
    case 'cancel':
      return fixture.cancel(jobId);
  }
}

interface Noted {
  readonly event: string;
  readonly attempt: number;
  readonly actor: string;
  readonly message: string | null;
}

/** What was noted of a job's transitions since there were `earlier` of them. */
async function notedOf(held: Claim, earlier = 0): Promise<Noted[]> {
  const { rows } = await fixture.admin.query<Noted>(
    'SELECT event, attempt, actor, message FROM kasabi.job_transition WHERE job_id = $1 ORDER BY at',
    [held.jobId],
  );
  return rows.slice(earlier);
}

/** What an event that took effect leaves in the transitions; nothing for one of no interest there. */
function expectedNote(event: JobEvent, held: Claim, status: RecordStatus): Noted | undefined {
  const { holder, attempt } = held;
  const byHolder = { event, attempt, actor: holder, message: null };
  switch (event) {
    case 'claim':
      return { ...byHolder, attempt: attempt + 1, actor: other };
    case 'heartbeat':
    case 'progress':
      return undefined;
    case 'fence':
      return { ...byHolder, message: 'The dataset is locked, with fence 1.' };
    case 'complete':
    case 'release':
      return byHolder;
    case 'fail':
      return { ...byHolder, message: 'Error: no' };
    case 'retry':
      return { ...byHolder, message: 'again' };
    case 'rescue':
      return { ...byHolder, actor: 'rescuer', message: lostMessage(held) };
    case 'cancel':
      return {
        ...byHolder,
        actor: 'owner key 1',
        message: `Cancelled by nasa (key 1) ${status === 'running' ? 'while it ran' : 'before its next attempt'}.`,
      };
  }
}

const lostMessage = ({ attempt, holder }: Claim): string =>
  `Attempt ${attempt} was lost: its worker ${holder} stopped answering.`;

const statuses = Object.keys(transitions) as RecordStatus[];
const events = Object.keys(transitions.scheduled) as JobEvent[];

for (const status of statuses) {
  for (const event of events) {
    const allowed = transitions[status][event];
    const leads = allowed.length === 0 ? 'is refused and changes nothing' : `-> ${allowed}`;
    // It depends on the lease; its tests follow.
    if (event === 'rescue') continue;
    test(`${event} of a ${status} job ${leads}`, async () => {
      // Of a running job, only one that changes nothing can be cancelled.
      const held = await bring(status, event === 'cancel' ? 'export' : 'reset');
      const asItWas = await fixture.record(held.jobId);
      const registry = await registryRow();
      const { length: earlier } = await notedOf(held);
      const took = await occur(event, held);
      const { status: now } = await fixture.read(held.jobId);
      assert.equal(took, allowed.length > 0);
      if (took) {
        assert.ok(allowed.includes(now as RecordStatus), `it is ${now}`);
        assert.notEqual(await fixture.record(held.jobId), asItWas);
        const note = expectedNote(event, held, status);
        assert.deepEqual(await notedOf(held, earlier), note === undefined ? [] : [note]);
      } else {
        assert.deepEqual(await notedOf(held, earlier), []);
        assert.equal(await fixture.record(held.jobId), asItWas);
        assert.equal(await registryRow(), registry);
      }
    });
  }

  test(`rescue of a ${status} job whose lease holds, or that has none, changes nothing`, async () => {
    const held = await bring(status);
    const asItWas = await fixture.record(held.jobId);
    const { length: earlier } = await notedOf(held);
    assert.equal(await occur('rescue', held), false);
    assert.equal(await fixture.record(held.jobId), asItWas);
    assert.deepEqual(await notedOf(held, earlier), []);
  });

  for (const maxAttempts of [1, 2]) {
    const allowed = transitions[status].rescue;
    const expected = maxAttempts === 1 ? 'failed' : 'scheduled';
    const leads = allowed.length === 0 ? 'is refused and changes nothing' : `-> ${expected}`;
    test(`rescue of a ${status} job with ${maxAttempts} attempts allowed ${leads}`, async () => {
      const held = await bring(status);
      await fixture.admin.query(
        `UPDATE kasabi.job SET lease_expires = now() - interval '1 s'
         WHERE id = $1 AND lease_expires IS NOT NULL`,
        [held.jobId],
      );
      const asItWas = await fixture.record(held.jobId);
      const { length: earlier } = await notedOf(held);
      const rescued = await rescue(fixture.worker, { maxAttempts, limit: 100 });
      const noted = await notedOf(held, earlier);
      if (allowed.length === 0) {
        assert.deepEqual(noted, []);
        assert.deepEqual(rescued, []);
        assert.equal(await fixture.record(held.jobId), asItWas);
      } else {
        assert.deepEqual(
          rescued.map(({ jobId, status: to }) => ({ jobId, to })),
          [{ jobId: held.jobId, to: expected }],
        );
        assert.ok(allowed.includes(expected));
        assert.equal((await fixture.read(held.jobId))['status'], expected);
        const note = expectedNote('rescue', held, status);
        const message = `${lostMessage(held)}${maxAttempts === 1 ? ' It has lost 1, as many as it may.' : ''}`;
        assert.deepEqual(noted, [{ ...note, message }]);
      }
    });
  }
}

test('cancel of a running reset is refused and changes nothing', async () => {
  const held = await bring('running', 'reset');
  const asItWas = await fixture.record(held.jobId);
  assert.equal(await occur('cancel', held), false);
  assert.equal(await fixture.record(held.jobId), asItWas);
});

test('cancel of a running job of another type is granted, though it has locked its dataset', async () => {
  const held = await bring('running', 'export');
  await confirmLease(fixture.worker, held);
  assert.equal(await occur('cancel', held), true);
  assert.equal((await fixture.read(held.jobId))['status'], 'cancelled');
});

test('progress is gone from the record when the job no longer runs', async () => {
  for (const event of ['complete', 'fail', 'retry', 'release', 'cancel', 'rescue'] as const) {
    const held = await bring('running', 'export');
    assert.ok(await occur('progress', held));
    assert.notEqual((await fixture.read(held.jobId))['progress'], null);
    if (event === 'rescue') {
      await fixture.admin.query(
        "UPDATE kasabi.job SET lease_expires = now() - interval '1 s' WHERE id = $1",
        [held.jobId],
      );
    }
    assert.ok(await occur(event, held), event);
    assert.equal((await fixture.read(held.jobId))['progress'], null, event);
  }
});

async function registryRow(): Promise<string> {
  const { rows } = await fixture.admin.query(
    'SELECT d.*, xmin::text FROM kasabi.dataset d WHERE id = $1',
    [dataset.id],
  );
  return JSON.stringify(rows);
}

test('the table has a reachable way to every status and none out of an ended one', () => {
  const reached = new Set<RecordStatus>(['scheduled']);
  for (let round = 0; round < statuses.length; round += 1) {
    for (const from of [...reached]) {
      for (const to of Object.values(transitions[from]).flat()) reached.add(to);
    }
  }
  assert.deepEqual([...reached].sort(), [...statuses].sort());
  for (const ended of ['completed', 'failed', 'cancelled'] as const) {
    assert.deepEqual(Object.values(transitions[ended]).flat(), []);
  }
});
