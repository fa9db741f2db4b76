import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore } from './support/explore.ts';
import type { Checks } from './support/model.ts';

const all: Checks = {
  claimIsGuarded: true,
  pauseIsHonoured: true,
  lockNeedsLease: true,
  clearNeedsFence: true,
  completeNeedsLease: true,
  rescueUnlocks: true,
  rescuerRuns: true,
  relayRuns: true,
};

test('no interleaving of two workers, relay, rescuer, operator and owner breaks a promise', (context) => {
  const { states, moves, depth, violation } = explore(all);
  context.diagnostic(`${states} states, ${moves} moves, every interleaving to depth ${depth}`);
  assert.equal(violation, undefined);
  assert.ok(states > 1_000, `only ${states} states: the model does too little`);
});

// What each check is there for: without it the exploration finds a promise broken.
const without: readonly (readonly [Partial<Checks>, string])[] = [
  [{ claimIsGuarded: false }, 'a record moves only as the state table says'],
  [{ pauseIsHonoured: false }, 'nothing starts while it is paused'],
  [{ lockNeedsLease: false }, 'no dataset'],
  [{ clearNeedsFence: false, completeNeedsLease: false }, 'a '],
  [{ rescueUnlocks: false }, 'no dataset'],
  [{ rescuerRuns: false }, 'an accepted job can always still end'],
  [{ relayRuns: false }, 'an accepted job can always still end'],
];

for (const [off, invariant] of without) {
  test(`without ${Object.keys(off).join(' and ')} a promise is broken`, (context) => {
    const { violation } = explore({ ...all, ...off });
    assert.ok(violation, 'nothing was found');
    context.diagnostic(`${violation.invariant}: ${violation.path.join(', ')}`);
    assert.ok(violation.invariant.startsWith(invariant), violation.invariant);
  });
}

// Fence and lease each suffice against a worker that has lost its job; both are kept, because the fence
// also holds where the record is not looked at: in the guard.
for (const off of ['clearNeedsFence', 'completeNeedsLease'] as const) {
  test(`without ${off} the other still keeps every promise`, () => {
    assert.equal(explore({ ...all, [off]: false }).violation, undefined);
  });
}
