// The correction of a worker's clock on a real Postgres, behind a link that is slow.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createPool } from '@kasabi/postgres';
import { createLogger } from '@kasabi/runtime';
import { createDatabase, type TestDatabase, waitFor } from '@kasabi/test/support';
import { type SocketProxy, startProxy } from '@kasabi/test/support/proxy';
import type pg from 'pg';
import { type ClockCorrection, correctClock } from './clock.ts';

const hourMs = 3_600_000;
const trueNow = Date.now;
const log = createLogger({ service: 'worker', level: 'silent' });
let database: TestDatabase;
let proxy: SocketProxy;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  const url = new URL(database.url);
  proxy = await startProxy(Number(url.port));
  url.host = `127.0.0.1:${proxy.port}`;
  pool = createPool({
    url: url.href,
    applicationName: 'test-clock',
    max: 1,
    onIdleError: () => {},
  });
  // Connected, so that no reading has the greeting in it.
  await pool.query('SELECT');
});

after(async () => {
  await pool.end();
  proxy.close();
  await database.close();
});

afterEach(() => {
  proxy.delay(0);
  Date.now = trueNow;
});

const clockAt = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now';

/** Compares by a statement that reads the clock. */
async function compare(clock: ClockCorrection, text = clockAt): Promise<void> {
  await clock.compare(
    async () => (await pool.query<{ now: number }>(text)).rows[0]?.now,
    (now) => now,
  );
}

test('a link of 150 ms is not taken for a wrong clock', async () => {
  const clock = correctClock(log);
  proxy.delay(150);
  for (let reading = 0; reading < 3; reading += 1) await compare(clock);
  assert.equal(Date.now, trueNow);
  assert.ok(Math.abs(clock.offsetMs ?? Number.NaN) < 100, `${clock.offsetMs}`);
});

test('nor is a statement that is slow before or after it reads the clock', async () => {
  const clock = correctClock(log);
  const [before, after] = [
    `SELECT c.now FROM (SELECT pg_sleep(0.6)) AS s, LATERAL (${clockAt}) AS c`,
    `SELECT c.now FROM (${clockAt} OFFSET 0) AS c, LATERAL (SELECT pg_sleep(0.6), c.now) AS s`,
  ];
  for (const text of [before, after]) await compare(clock, text);
  assert.equal(Date.now, trueNow);
  await compare(clock);
  const quick = clock.offsetMs;
  await compare(clock, after);
  assert.equal(clock.offsetMs, quick, 'the quickest is believed');
});

test('a clock that is an hour off is corrected, on a slow link as well, and followed when it is set', async () => {
  let wrongMs = hourMs;
  Date.now = () => trueNow() + wrongMs;
  const clock = correctClock(log);
  proxy.delay(150);
  await compare(clock);
  assert.ok(Math.abs(Date.now() - trueNow()) < 5_000, `${Date.now() - trueNow()}`);
  proxy.delay(0);
  // On a busy machine a reading may be slow by itself; the quickest of them counts.
  const until = (what: string) =>
    waitFor(
      async () => {
        await compare(clock);
        return Math.abs(Date.now() - trueNow()) < 150;
      },
      { what },
    );
  await until('a quick reading');
  assert.ok(Math.abs((clock.offsetMs ?? 0) - hourMs) < 150);
  wrongMs = 0;
  await compare(clock);
  assert.ok(Math.abs(Date.now() - trueNow()) < 5_000, 'somebody has set the clock');
  await until('a quick reading of the clock as it is now');
});

test('a statement that does not read the clock, or fails, changes nothing', async () => {
  const clock = correctClock(log);
  assert.equal(
    await clock.compare(
      async () => 7,
      () => undefined,
    ),
    7,
  );
  await assert.rejects(
    clock.compare(
      async () => assert.fail('no'),
      () => 0,
    ),
  );
  assert.deepEqual([Date.now, clock.offsetMs], [trueNow, undefined]);
});
