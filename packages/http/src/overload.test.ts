import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Overloaded } from '@kasabi/protocol';
import { waitFor } from '@kasabi/test/support/wait-for';
import { createOverloadGuard } from './overload.ts';

let guard: ReturnType<typeof createOverloadGuard>;

/** Whether the guard lets a request pass. */
function passes(): boolean {
  let passed = false;
  try {
    guard({} as never, {} as never, () => {
      passed = true;
    });
  } catch (error) {
    assert.ok(error instanceof Overloaded);
    assert.equal(error.status, 503);
    assert.equal(error.headers['Retry-After'], '2');
  }
  return passed;
}

/** Blocks the event loop. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the overload guard', () => {
  it('refuses requests while too many wait, and not longer', () => {
    let queued = 0;
    guard = createOverloadGuard({ maxLagMs: 60_000, queued: () => queued, maxQueued: 5 });
    for (const [waiting, passed] of [
      [5, true],
      [6, false],
      [5, true],
    ] as const) {
      queued = waiting;
      assert.equal(passes(), passed, `${waiting} wait`);
    }
  });

  it('refuses requests while the event loop is late, and recovers by itself', async () => {
    guard = createOverloadGuard({ maxLagMs: 100, queued: () => 0, maxQueued: 5 });
    assert.ok(passes());
    const blocking = setInterval(() => block(300), 1);
    try {
      await waitFor(() => !passes(), { what: 'requests to be turned away' });
    } finally {
      clearInterval(blocking);
    }
    await waitFor(passes, { what: 'requests to pass again', timeoutMs: 2_000 });
  });

  it('overlooks a single pause, such as a long collection', async () => {
    guard = createOverloadGuard({ maxLagMs: 250, queued: () => 0, maxQueued: 5 });
    await waitFor(passes, { what: 'a quiet moment' });
    block(350);
    // The timer that measures comes first, because it was due long ago.
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.ok(passes());
  });
});
