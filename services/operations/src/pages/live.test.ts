import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { html } from '@kasabi/http';
import { waitFor } from '@kasabi/test/support/wait-for';
import { NoSuchPage, NothingToShow } from './errors.ts';
import { createLive, type Shown, type View } from './live.ts';

/** A Postgres that counts what it is asked, and may be away. */
function create() {
  const source = { statements: 0, isAway: false };
  const live = createLive({
    statements: () => source.statements,
    describe: (error) => (error as Error).message,
  });
  const viewOf = (key: string, cost = 1): View => ({
    key,
    everyMs: 50,
    async read() {
      source.statements += cost;
      if (source.isAway) throw new Error('away');
      return key === 'none' ? undefined : new Map([['one', html`read ${source.statements}`]]);
    },
  });
  return { source, live, viewOf };
}

const textOf = (shown: Shown | undefined): string | undefined => shown?.sections.get('one')?.text;

describe('views that many look at', () => {
  it('are read once for all who ask at the same time', async () => {
    const { source, live, viewOf } = create();
    const shown = await Promise.all(Array.from({ length: 50 }, () => live.show(viewOf('a'))));
    assert.equal(source.statements, 1);
    assert.deepEqual(new Set(shown.map(textOf)), new Set(['read 1']));
    assert.equal(textOf(await live.show(viewOf('a'), true)), 'read 2', 'anew for who insists');
  });

  it('are told to all who follow, and to nobody after that', async () => {
    const { source, live, viewOf } = create();
    const told: string[][] = [[], []];
    const ends = told.map((list) => live.follow(viewOf('a'), (it) => list.push(textOf(it) ?? '')));
    await waitFor(() => told.every((list) => list.length >= 2), { what: 'two readings' });
    assert.deepEqual(told[0], told[1]);
    for (const end of ends) end();
    const after = source.statements;
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(source.statements, after, 'nobody looks, nothing is read');
  });

  it('cost no more when more of them are followed: each becomes older instead', async () => {
    const { source, live, viewOf } = create();
    const seen = new Set<string>();
    const ends = Array.from({ length: 50 }, (_, index) => `view ${index}`).map((key) =>
      live.follow(viewOf(key, 2), () => seen.add(key)),
    );
    const began = performance.now();
    await waitFor(() => seen.size >= 4, { what: 'four views to be read' });
    const seconds = (performance.now() - began) / 1_000;
    // The first costs nothing in advance, so that two statements are to be taken off.
    assert.ok((source.statements - 2) / seconds <= 3.1, `${source.statements} in ${seconds} s`);
    for (const end of ends) end();
  });

  it('stay as they were while they cannot be read, and say why and since when', async () => {
    const { source, live, viewOf } = create();
    await live.show(viewOf('a'));
    source.isAway = true;
    const shown: Shown[] = [];
    const end = live.follow(viewOf('a'), (it) => shown.push(it));
    const stale = await waitFor(() => shown.find(({ trouble }) => trouble !== undefined), {
      what: 'the trouble to be told',
    });
    assert.deepEqual([textOf(stale), stale.trouble], ['read 1', 'away']);
    await waitFor(() => (shown.at(-1)?.ageMs ?? 0) > stale.ageMs, { what: 'it to become older' });
    source.isAway = false;
    await waitFor(() => shown.at(-1)?.trouble === undefined, { what: 'the trouble to pass' });
    end();
  });

  it('are refused when they were never read, or are about nothing', async () => {
    const { source, live, viewOf } = create();
    await assert.rejects(live.show(viewOf('none')), NoSuchPage);
    source.isAway = true;
    await assert.rejects(live.show(viewOf('a')), NothingToShow);
  });
});
