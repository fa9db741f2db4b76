import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { JobStatus } from '@kasabi/protocol';
import { createFixture, type Fixture } from '../../../test/integration/support/fixture.ts';
import { type Claim, claim } from './claim.ts';
import { complete } from './complete.ts';
import { LeaseLost } from './errors.ts';
import { fail } from './fail.ts';
import { heartbeat } from './heartbeat.ts';
import { recordFence } from './record-fence.ts';
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
async function bring(status: JobStatus): Promise<Claim> {
  dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  const held = await fixture.take(jobId);
  if (status === 'scheduled') await retry(fixture.worker, held, { delayMs: 0, message: 'again' });
  if (status === 'completed') await complete(fixture.worker, held);
  if (status === 'failed') await fail(fixture.worker, held, 'no');
  return held;
}

/** Runs the function of an event; true when it took effect, false when it was refused. */
async function occur(event: JobEvent, held: Claim): Promise<boolean> {
  const { worker } = fixture;
  const { jobId } = held;
  const tried = (effect: Promise<void>): Promise<boolean> =>
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
      return (await heartbeat(worker, [held], 90_000)).has(jobId);
    case 'fence':
      return tried(recordFence(worker, held, 1));
    case 'complete':
      return tried(complete(worker, held));
    case 'fail':
      return tried(fail(worker, held, 'no'));
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

const statuses = Object.keys(transitions) as JobStatus[];
const events = Object.keys(transitions.scheduled) as JobEvent[];

for (const status of statuses) {
  for (const event of events) {
    const allowed = transitions[status][event];
    const leads = allowed.length === 0 ? 'is refused and changes nothing' : `-> ${allowed}`;
    // It depends on the lease; its tests follow.
    if (event === 'rescue') continue;
    test(`${event} of a ${status} job ${leads}`, async () => {
      const held = await bring(status);
      const asItWas = await fixture.record(held.jobId);
      const registry = await registryRow();
      const took = await occur(event, held);
      const { status: now } = await fixture.read(held.jobId);
      assert.equal(took, allowed.length > 0);
      if (took) {
        assert.ok(allowed.includes(now as JobStatus), `it is ${now}`);
        assert.notEqual(await fixture.record(held.jobId), asItWas);
      } else {
        assert.equal(await fixture.record(held.jobId), asItWas);
        assert.equal(await registryRow(), registry);
      }
    });
  }

  test(`rescue of a ${status} job whose lease holds, or that has none, changes nothing`, async () => {
    const held = await bring(status);
    const asItWas = await fixture.record(held.jobId);
    assert.equal(await occur('rescue', held), false);
    assert.equal(await fixture.record(held.jobId), asItWas);
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
      const rescued = await rescue(fixture.worker, { maxAttempts, limit: 100 });
      if (allowed.length === 0) {
        assert.deepEqual(rescued, []);
        assert.equal(await fixture.record(held.jobId), asItWas);
      } else {
        assert.deepEqual(
          rescued.map(({ jobId, status: to }) => ({ jobId, to })),
          [{ jobId: held.jobId, to: expected }],
        );
        assert.ok(allowed.includes(expected));
        assert.equal((await fixture.read(held.jobId))['status'], expected);
      }
    });
  }
}

async function registryRow(): Promise<string> {
  const { rows } = await fixture.admin.query(
    'SELECT d.*, xmin::text FROM kasabi.dataset d WHERE id = $1',
    [dataset.id],
  );
  return JSON.stringify(rows);
}

test('the table has a reachable way to every status and none out of an ended one', () => {
  const reached = new Set<JobStatus>(['scheduled']);
  for (let round = 0; round < statuses.length; round += 1) {
    for (const from of [...reached]) {
      for (const to of Object.values(transitions[from]).flat()) reached.add(to);
    }
  }
  assert.deepEqual([...reached].sort(), [...statuses].sort());
  for (const ended of ['completed', 'failed'] as const) {
    assert.deepEqual(Object.values(transitions[ended]).flat(), []);
  }
});
