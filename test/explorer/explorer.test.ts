import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { explore } from './support/explore.ts';
import { type Laboratory, openLaboratory } from './support/laboratory.ts';
import { scenarios } from './support/scenarios.ts';

let laboratory: Laboratory;

before(async () => {
  laboratory = await openLaboratory();
});

after(async () => {
  await laboratory.close();
});

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`no interleaving breaks a promise: ${name}`, async (context) => {
    const { states, steps, runs, depth, ends, broken } = await explore(laboratory, scenario);
    context.diagnostic(`${states} states, ${steps} steps, ${runs} runs, at most ${depth} deep`);
    context.diagnostic(`ends ${ends.join(', ')}`);
    assert.equal(broken, undefined);
  });
}

test('a state that was met before leads nowhere new', async (context) => {
  const scenario = scenarios['a job that keeps its lease'];
  const { states, runs, depth } = await explore(laboratory, scenario);
  const all = await explore(laboratory, scenario, { everyOrder: true });
  context.diagnostic(`${runs} runs instead of ${all.runs}`);
  assert.equal(all.broken, undefined);
  assert.deepEqual([all.states, all.depth], [states, depth]);
});
