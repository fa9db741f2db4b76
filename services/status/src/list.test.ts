import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStack } from '@kasabi/test/support';
import { type Answer, ask, assertRefused } from '@kasabi/test/support/client';
import { change, makeJobs } from '@kasabi/test/support/watch-jobs';
import { publicUrl, type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';

let status: StatusRoutes;
/** Oldest first. */
let ids: string[];

before(async () => {
  status = await startStatusRoutes();
  const pool = status.database.pool();
  ids = (await makeJobs(pool, 45)).sort();
  await change(pool, ids.slice(3, 5), 'cancelled');
  await change(pool, [...ids.slice(0, 3), ...ids.slice(5, 10)], 'failed');
  for (const id of ids.slice(10, 13)) {
    await change(pool, id, 'running');
    if (id !== ids[12]) await change(pool, id, 'completed');
  }
});
after(() => status?.close());

const list = (query = '', key = status.key): Promise<Answer> =>
  ask(`${status.url}/data/nasa/jobs${query}`, { headers: { X_KASABI_APIKEY: key } });

interface Page {
  readonly ids: string[];
  readonly next: string | undefined;
}

async function page(query: string): Promise<Page> {
  const { status: code, headers, text } = await list(query);
  assert.equal(code, 200, text);
  const link = headers.get('link');
  const match = /^<(.*)>; rel="next"$/.exec(link ?? '');
  assert.equal(link === null, match === null, link ?? '');
  const found = (JSON.parse(text).jobs as { id: string }[]).map((job) => job.id);
  return { ids: found, next: match?.[1]?.replace(`${publicUrl}/data/nasa/jobs`, '') };
}

/** All pages, beginning with this one; `between` runs before each further page. */
async function follow(query: string, between = async () => {}): Promise<string[]> {
  const first = await page(query);
  const all = [...first.ids];
  for (let { next } = first; next !== undefined; ) {
    await between();
    const more = await page(next);
    assert.notEqual(more.ids.length, 0, 'a link leads to no empty page');
    all.push(...more.ids);
    next = more.next;
  }
  return all;
}

describe('list', () => {
  it('shows the jobs of a dataset, newest first, each with its document and address', async () => {
    const { headers, text } = await list('?limit=1&status=completed');
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'private, no-cache');
    const [job] = JSON.parse(text).jobs;
    assert.equal(job.id, ids[11]);
    assert.equal(job.url, `${publicUrl}/data/nasa/jobs/${ids[11]}`);
    const own = await ask(job.url.replace(publicUrl, status.url), {
      headers: { X_KASABI_APIKEY: status.key },
    });
    const { id, url, ...document } = job;
    assert.deepEqual(document, JSON.parse(own.text));
    assert.deepEqual((await page('')).ids, ids.slice(-20).toReversed(), '20 unless asked for more');
  });

  it('is filtered by status and jobType, on every page', async () => {
    const newestFirst = (from: number, to: number) => ids.slice(from, to).toReversed();
    // With cancelled ones among them, in order.
    assert.deepEqual(await follow('?status=failed&limit=3'), newestFirst(0, 10));
    const { jobs } = JSON.parse((await list('?status=failed')).text) as {
      jobs: readonly { readonly status: string; readonly reason: string }[];
    };
    assert.deepEqual(
      jobs.map(({ status: word, reason }) => `${word} ${reason}`),
      [
        ...Array(5).fill('failed busy'),
        ...Array(2).fill('failed cancelled'),
        ...Array(3).fill('failed busy'),
      ],
    );
    assert.deepEqual(await follow('?status=completed'), newestFirst(10, 12));
    assert.deepEqual(await follow('?status=succeeded'), newestFirst(10, 12));
    assert.deepEqual(await follow('?status=running&jobType=reset'), [ids[12]]);
    assert.deepEqual(await follow('?status=scheduled&jobType=reset&limit=7'), newestFirst(13, 45));
  });

  it('links to the next page only if there is one', async () => {
    for (const [limit, pages] of [
      ['45', 1],
      ['100', 1],
      ['44', 2],
      ['15', 3],
    ] as const) {
      let further = 0;
      const all = await follow(`?limit=${limit}`, async () => {
        further += 1;
      });
      assert.equal(further + 1, pages, `limit=${limit}`);
      assert.deepEqual(all, ids.toReversed());
    }
  });

  it('pages stay complete and free of repeats while jobs are added and end', async () => {
    const pool = status.database.pool();
    const seen = await follow('?limit=4', async () => {
      const added = await makeJobs(pool, 3);
      await change(pool, added.slice(0, 1), 'failed');
    });
    assert.deepEqual(seen, ids.toReversed());
    await pool.query('DELETE FROM kasabi.job WHERE NOT id = ANY($1)', [ids]);
  });

  it('carries the key as a parameter as well, but never into a link', async () => {
    const { headers, status: code } = await ask(
      `${status.url}/data/nasa/jobs?limit=2&apikey=${status.key}`,
    );
    assert.equal(code, 200);
    assert.match(headers.get('link') ?? '', /limit=2&cursor=[\w-]{22}>/);
    assert.doesNotMatch(headers.get('link') ?? '', /apikey|kasabi_/);
  });

  it('refuses what it does not understand, with a hint', async () => {
    for (const limit of ['0', '101', '-1', '1.5', '', 'ten', '1e1']) {
      assertRefused(await list(`?limit=${limit}`), 400, /^limit must be a whole number from 1 to/);
    }
    const { next = '' } = await page('?limit=1');
    const cursor = /cursor=([\w-]+)/.exec(next)?.[1] ?? '';
    for (const bad of ['', 'x', `${cursor}A`, cursor.slice(1), `${cursor}%21`, ids[0]]) {
      assertRefused(await list(`?cursor=${bad}`), 400, /^cursor did not come from this service/);
    }
    assertRefused(await list('?status=runing'), 400, /^status must be .*; did you mean running\?/);
    assertRefused(
      await list('?status=cancelled'),
      400,
      /^status=cancelled is not a status here: .*status=failed.* reason cancelled/,
    );
    assertRefused(await list('?status=x'), 400, /one of scheduled, running, completed, failed\./);
    assertRefused(
      await list('?jobType=rest'),
      400,
      /^There is no such jobType; did you mean reset\?/,
    );
    assertRefused(
      await list('?offset=1'),
      400,
      /^offset is not a parameter here; the parameters here are status/,
    );
  });

  it("is the owner's alone: without a key, or with another's, it is 401 whatever is asked", async () => {
    for (const query of ['', '?limit=0', '?cursor=x', '?x=1']) {
      assertRefused(await list(query, status.otherKey), 401, /API key/);
      assertRefused(await ask(`${status.url}/data/nasa/jobs${query}`), 401, /API key/);
    }
  });

  it('has an address on the api host, too, which leads to the status host', async () => {
    const stack = await startStack({ workers: 0 });
    try {
      const query = '?status=failed&limit=5';
      const asked = `${stack.apiUrl}/dataset/nasa/jobs${query}`;
      const { status: code, headers } = await ask(asked);
      assert.equal(code, 307);
      assert.equal(headers.get('location'), `${stack.statusUrl}/data/nasa/jobs${query}`);
      const init = { headers: { X_KASABI_APIKEY: stack.key }, redirect: 'follow' } as const;
      assert.deepEqual(JSON.parse((await ask(asked, init)).text), { jobs: [] });
    } finally {
      await stack.stop();
    }
  });
});
