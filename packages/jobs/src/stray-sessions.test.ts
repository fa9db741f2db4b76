import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { roleUrl } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import pg from 'pg';
import { copySessionName, endStraySessions } from './stray-sessions.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

/** A session like a worker's that reads a dataset for an attempt. */
async function openSession(attempt: { readonly jobId: string; readonly attempt: number }) {
  const client = new pg.Client({
    connectionString: roleUrl(fixture.database.url, 'worker'),
    application_name: copySessionName(attempt),
  });
  let isOver = false;
  client.on('error', () => undefined);
  client.on('end', () => {
    isOver = true;
  });
  await client.connect();
  await client.query('BEGIN');
  return { client, isOver: () => isOver };
}

test('ends the session of an attempt that is over, and leaves the one of an attempt that runs', async () => {
  const jobId = await fixture.accept(await fixture.addDataset(), undefined, 'export');
  const { attempt } = await fixture.take(jobId);
  const lost = await openSession({ jobId, attempt: attempt - 1 });
  const running = await openSession({ jobId, attempt });
  const unknown = await openSession({ jobId: crypto.randomUUID(), attempt: 1 });
  const { worker } = fixture;
  assert.equal(await endStraySessions(worker), 2);
  await waitFor(() => Promise.resolve(lost.isOver() && unknown.isOver()), {
    what: 'the sessions to end',
  });
  assert.equal((await running.client.query('SELECT 1 AS one')).rows[0]?.one, 1);
  assert.equal(await endStraySessions(worker), 0);
  await running.client.end();
});

test('a session whose name only begins like theirs is nobody’s to end', async () => {
  const client = new pg.Client({
    connectionString: roleUrl(fixture.database.url, 'worker'),
    application_name: 'kasabi-worker-copy of somebody',
  });
  await client.connect();
  assert.equal(await endStraySessions(fixture.worker), 0);
  await client.query('SELECT 1');
  await client.end();
});
