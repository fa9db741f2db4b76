// What begins while a pause does.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import { complete } from '@kasabi/jobs';
import { waitFor } from '@kasabi/test/support/wait-for';
import { openPausing } from '../test/pausing.ts';
import { readPauses } from './pauses.ts';

const { fixture, pause, resume, ask, outcome, begin } = await openPausing();
after(() => fixture.close());
const rounds = 25;

let one: Dataset;
let other: Dataset;
beforeEach(async () => {
  [one, other] = await begin();
});

test('a pause that has returned is honoured by every claim, also by those that began before it', async () => {
  const jobId = await fixture.accept(one);
  const keeper = await fixture.admin.connect();
  try {
    // The claim has taken its snapshot, and waits for the record.
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM kasabi.job WHERE id = $1 FOR UPDATE', [jobId]);
    const early = outcome(jobId);
    await waitFor(async () => (await waiting()) === 1, { what: 'the claim to wait' });
    let returned = false;
    const pausing = pause().finally(() => {
      returned = true;
    });
    await waitFor(async () => (await readPauses(fixture.admin)).length === 1, {
      what: 'the pause',
    });
    assert.equal(
      await outcome(await fixture.accept(other)),
      'paused',
      'those that begin now see it',
    );
    assert.equal(returned, false, 'the pause waits for the one that does not');
    await keeper.query('COMMIT');
    assert.equal(await early, 'claimed');
    const paused = await pausing;
    assert.ok(paused.outcome === 'done');
    assert.deepEqual([paused.running, paused.unsettled], [1, 0]);
  } finally {
    keeper.release();
  }
});

test('a claim that does not end is not waited for for ever, and said', async () => {
  const jobId = await fixture.accept(one);
  const keeper = await fixture.admin.connect();
  try {
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM kasabi.job WHERE id = $1 FOR UPDATE', [jobId]);
    const early = outcome(jobId);
    await waitFor(async () => (await waiting()) === 1, { what: 'the claim to wait' });
    const paused = await pause();
    assert.ok(paused.outcome === 'done');
    assert.equal(paused.unsettled, 1);
    await keeper.query('COMMIT');
    assert.equal(await early, 'claimed');
  } finally {
    keeper.release();
  }
});

const waiting = async (): Promise<number> => {
  const { rows } = await fixture.admin.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length;
};

test('neither a dump that reads every table nor a writer of pauses keeps a pause waiting', async () => {
  const dump = await fixture.admin.connect();
  try {
    await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await dump.query('LOCK TABLE kasabi.pause, kasabi.job IN ACCESS SHARE MODE');
    await dump.query('SELECT FROM kasabi.pause');
    const began = performance.now();
    await pause();
    assert.ok(performance.now() - began < 1_000);
  } finally {
    await dump.query('ROLLBACK');
    dump.release();
  }
});

test(`no claim succeeds after a pause has returned, ${rounds} times under load`, async () => {
  let done = false;
  let [claimed, refused] = [0, 0];
  const work = async (): Promise<void> => {
    const dataset = await fixture.addDataset();
    while (!done) {
      const jobId = await fixture.accept(dataset);
      for (;;) {
        const answer = await ask(jobId);
        if (answer.outcome === 'claimed') {
          claimed += 1;
          await complete(fixture.worker, answer.claim);
          break;
        }
        assert.equal(answer.outcome, 'paused');
        refused += 1;
        if (done) return;
      }
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, work));
  try {
    for (let round = 0; round < rounds; round += 1) {
      const begun = claimed;
      await waitFor(() => claimed > begun + 3, { what: 'jobs to be taken up', everyMs: 1 });
      await pause();
      const atReturn = await countClaims();
      const since = refused;
      await waitFor(() => refused > since + 20, { what: 'claims to be refused', everyMs: 1 });
      assert.equal(await countClaims(), atReturn, `round ${round}`);
      await resume();
    }
  } finally {
    done = true;
    await workers;
  }
});

/** By what the claims themselves noted. */
const countClaims = async (): Promise<number> => {
  const { rows } = await fixture.admin.query<{ claims: number }>(
    "SELECT count(*)::int AS claims FROM kasabi.job_transition WHERE event = 'claim'",
  );
  return (rows[0] as { claims: number }).claims;
};
