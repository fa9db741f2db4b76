import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Drill } from './drill.ts';

/** What the tests of a group make ill, and the drill that watches it. */
export interface UnderDrill<Stack> {
  readonly stack: Stack;
  readonly drill: Drill;
}

/**
 * Starts a stack and a drill on it before the tests of the group that calls this, waits until all is well,
 * and stops both after them.
 *
 * @returns what a test asks for them.
 */
export function underDrill<Stack extends { stop(): Promise<void> }>(
  start: () => Promise<Stack>,
  begin: (stack: Stack) => Promise<Drill>,
): () => UnderDrill<Stack> {
  let stack: Stack | undefined;
  let drill: Drill | undefined;
  before(async () => {
    stack = await start();
    drill = await begin(stack);
    await drill.untilWell();
  });
  after(async () => {
    await drill?.stop();
    await stack?.stop();
  });
  return () => {
    assert.ok(stack !== undefined && drill !== undefined);
    return { stack, drill };
  };
}
