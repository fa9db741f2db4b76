import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { explore } from './support/explore.ts';
import { type GuardName, guards } from './support/guards.ts';
import { type Laboratory, openLaboratory } from './support/laboratory.ts';
import { type ScenarioName, scenarios } from './support/scenarios.ts';

let laboratory: Laboratory;

before(async () => {
  laboratory = await openLaboratory();
});

after(async () => {
  await laboratory.close();
});

const exploreWithout = (off: readonly GuardName[], scenario: ScenarioName) =>
  explore(laboratory, scenarios[scenario], { without: off.map((name) => guards[name]) });

/** What each guard is there for: without it, this promise is found broken in this scenario. */
const needed: readonly (readonly [readonly GuardName[], ScenarioName, string])[] = [
  // What refuses it then is a CHECK of the record.
  [['the status in claim'], 'two deliveries of a job', 'no statement fails oddly'],
  [
    ['the running job in claim', 'the unique index on running jobs'],
    'two jobs of a dataset',
    'one job of a dataset runs at a time',
  ],
  [['the order in claim'], 'two jobs of a dataset', 'jobs of a dataset run in order'],
  [
    ['the due time in claim'],
    'a worker retries as its job is cancelled',
    'a job never starts early',
  ],
  [['the pause in claim'], 'a job that is paused', 'nothing starts once a pause has returned'],
  [
    ['the mark of claims under way'],
    'a job that is paused',
    'nothing starts once a pause has returned',
  ],
  [
    ['the lease in confirmLease'],
    'two deliveries, the first waits for a writer and is rescued',
    'only the attempt that runs moves its record',
  ],
  [
    [
      'the lease in complete',
      'the fence in clear',
      'the holder in unlock',
      'the fence in the guard',
    ],
    'two deliveries, the first is rescued',
    'only the attempt that runs moves its record',
  ],
  [
    ['the lease in retry'],
    'a worker retries as its job is rescued',
    'only the attempt that runs moves its record',
  ],
  [
    ['the lease in release'],
    'a worker shuts down as its job is rescued',
    'only the attempt that runs moves its record',
  ],
  [
    ['the lease in fail'],
    'two deliveries in one process, the first is rescued',
    'only the attempt that runs moves its record',
  ],
  [
    ['the attempt in fail'],
    'two deliveries in one process, the first is rescued',
    'only the attempt that runs moves its record',
  ],
  // A worker that lost its job meets the one that has it now in a deadlock; the data is safe even then.
  [
    ['the fence in clear', 'the holder in unlock', 'the fence in the guard'],
    'two deliveries, the first is rescued',
    'nobody waits for ever',
  ],
  [['the advisory lock in clear'], 'a dataset that is published', 'nobody waits for ever'],
  [['the lease in heartbeat'], 'a heartbeat and a rescue', 'no statement fails oddly'],
  // The rescuer meets a worker that is about to lock.
  [
    ['the holder in unlock without a fence'],
    'a rescue and data that is written',
    'nobody waits for ever',
  ],
  [
    ['the unlocking without a fence'],
    'a rescue and data that is written',
    'a dataset is locked only for a running job',
  ],
  [
    ['the lease in rescue'],
    'a job that keeps its lease',
    'a job is rescued only when its lease has expired',
  ],
  [['the held dataset in rescue'], 'a rescue and data that is written', 'nobody waits for ever'],
  [['the status in cancel'], 'a job that is cancelled', 'a record that has ended stays as it is'],
  [
    ['the guard trigger'],
    'a rescue and data that is written',
    'nobody writes to a dataset that is locked',
  ],
  [
    ['the storage mode in the guard'],
    'a rescue and data that is written',
    'nobody writes to a dataset that is locked',
  ],
  [
    ['the secret in the guard'],
    'a writer that forges a fence',
    'nobody writes to a dataset that is locked',
  ],
  [
    ['the row lock in the guard'],
    'a writer with a snapshot',
    'nobody writes to a dataset that is locked',
  ],
  [
    ['the row lock in the guard', 'the advisory lock in the guard'],
    'a rescue and data that is written',
    'nobody writes to a dataset that is locked',
  ],
  [
    ['the job in release_abandoned_lock'],
    'a lock that was left behind',
    "a running job's lock is released with its attempt",
  ],
  [
    ['the holder in release_abandoned_lock'],
    'a lock that was left behind as its dataset is published',
    "a running job's lock is released with its attempt",
  ],
];

for (const [off, scenario, promise] of needed) {
  test(`without ${off.join(' and ')} a promise is found broken`, async (context) => {
    const { broken, runs } = await exploreWithout(off, scenario);
    assert.ok(broken, 'nothing was found');
    context.diagnostic(
      `run ${runs}: ${broken.path.join(', ')}: ${broken.promise} ${broken.detail}`,
    );
    assert.equal(broken.promise, promise);
  });
}

/** Each of these suffices against what the others are against, too. */
const doubled: readonly (readonly [readonly GuardName[], ScenarioName])[] = [
  [['the running job in claim'], 'two jobs of a dataset'],
  [['the lease in complete'], 'two deliveries, the first is rescued'],
  [['the fence in clear'], 'a job that is rescued'],
  [['the holder in unlock'], 'a job that keeps its lease'],
  [['the fence in the guard'], 'a job that is rescued'],
  // It keeps a stream of writers from starving the locker, and decides nothing by itself.
  [['the advisory lock in the guard'], 'a writer with a snapshot'],
];

for (const [off, scenario] of doubled) {
  test(`without ${off.join(' and ')} the others still keep every promise`, async () => {
    assert.equal((await exploreWithout(off, scenario)).broken, undefined);
  });
}

test('every guard is switched off by one of the tests', () => {
  const tried = new Set([...needed, ...doubled].flatMap(([off]) => off));
  assert.deepEqual(
    Object.keys(guards).filter((name) => !tried.has(name as GuardName)),
    [],
  );
});

test('a guard that is not where it was is told of', async () => {
  const scenario = scenarios['a job that is not due'];
  for (const moved of [
    { statements: [{ of: 'claim', find: 'AND j.due < now()', replace: '' }] },
    { functions: [{ of: 'kasabi.guard', find: 'PERFORM nothing', replace: '' }] },
    { statements: [{ of: 'claim-of-old', find: 'true', replace: 'false' }] },
  ]) {
    await assert.rejects(
      explore(laboratory, scenario, { without: [moved] }),
      /stands 0 times|never sent/,
    );
  }
});
