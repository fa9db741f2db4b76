import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ask } from '@kasabi/test/support/client';
import { waitFor } from '@kasabi/test/support/wait-for';
import { makeJobs } from '@kasabi/test/support/watch-jobs';
import { type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';

let status: StatusRoutes;

before(async () => {
  status = await startStatusRoutes();
});
after(() => status?.close());

it('every wait ends on time, however often the garbage collector runs meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ids = await makeJobs(status.database.pool(), 200);
  const from = performance.now();
  const answers = Promise.all(
    ids.map((id) =>
      ask(`${status.url}/data/nasa/jobs/${id}`, {
        headers: { X_KASABI_APIKEY: status.key, Prefer: 'wait=8' },
      }),
    ),
  );
  await waitFor(() => status.watcher.waiting === ids.length, { what: 'all to wait' });
  for (let round = 0; round < 3; round += 1) collect();
  for (const { status: code, headers } of await answers) {
    assert.deepEqual([code, headers.get('preference-applied')], [200, 'wait=8']);
  }
  assert.ok(performance.now() - from < 20_000, `${performance.now() - from} ms`);
  assert.equal(status.watcher.waiting, 0);
});
