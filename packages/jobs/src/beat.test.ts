import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import type pg from 'pg';
import { type BeatKeeper, type BeatOptions, createBeat } from './beat.ts';
import { claim } from './claim.ts';
import { type Beat, readRestored } from './restored.ts';

let fixture: Fixture;
let dataset: Dataset;
let mark: Beat | undefined;
let restored: string[];

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset();
});

beforeEach(async () => {
  mark = undefined;
  restored = [];
  await fixture.admin.query(
    `TRUNCATE kasabi.job, kasabi.pause, kasabi.beat; INSERT INTO kasabi.beat DEFAULT VALUES`,
  );
});

after(async () => {
  await fixture.close();
});

const keeper = (options: Partial<BeatOptions> = {}): BeatKeeper =>
  createBeat({
    db: fixture.worker,
    readMark: async () => mark,
    writeMark: async (beat) => {
      mark = beat;
    },
    onRestored: (reason) => void restored.push(reason),
    onError: (error) => assert.fail(String(error)),
    ...options,
  });

const outcome = async (jobId: string): Promise<string> =>
  (await claim(fixture.worker, { jobId, holder: 'w', leaseMs: 60_000 })).outcome;

interface Row {
  readonly beats: number;
  readonly at: Date;
}

const read = async (): Promise<Row> => {
  const { rows } = await fixture.admin.query<Row>('SELECT beats, at FROM kasabi.beat');
  return rows[0] as Row;
};

/** As if the last beat had been so many seconds earlier, here and for Redis. */
async function age(seconds: number): Promise<void> {
  await fixture.admin.query("UPDATE kasabi.beat SET at = at - $1 * interval '1 s'", [seconds]);
  if (mark !== undefined) mark = { ...mark, at: mark.at - seconds * 1_000 };
}

/** Puts the row back to what it was: what a restore does. */
async function restore({ beats, at }: Row): Promise<void> {
  await fixture.admin.query('UPDATE kasabi.beat SET beats = $1, at = $2', [beats, at]);
}

const pauses = async (): Promise<pg.QueryResultRow[]> =>
  (await fixture.admin.query('SELECT dataset_id, paused_by, reason FROM kasabi.pause')).rows;

test('nothing is claimed before somebody has looked; a first look pauses nothing', async () => {
  const jobId = await fixture.accept(dataset);
  assert.equal(await outcome(jobId), 'unchecked');
  await keeper().look();
  assert.deepEqual([await pauses(), restored], [[], []]);
  assert.equal(mark?.beats, 1);
  assert.equal(await outcome(jobId), 'claimed');
});

test('claims are refused while the newest beat is a minute old or lies ahead, until one has looked', async () => {
  const jobId = await fixture.accept(dataset);
  await keeper().look();
  for (const seconds of [61, -3_600]) {
    await age(seconds);
    assert.equal(await outcome(jobId), 'unchecked', `${seconds}`);
    // After a long outage both know the same beat, and all goes on.
    await keeper().look();
    assert.deepEqual(await pauses(), []);
  }
  await age(30);
  assert.equal(await outcome(jobId), 'claimed');
});

test('one beat serves all workers for a while, and one look all deliveries', async () => {
  const [one, two] = [keeper(), keeper()];
  await Promise.all([one.look(), one.look(), two.look(), two.look()]);
  await one.look();
  assert.equal((await read()).beats, 1);
  await age(9);
  await Promise.all([one.look(), two.look()]);
  assert.equal((await read()).beats, 2);
  assert.equal(mark?.beats, 2);
});

test('a Postgres that is older than what Redis has seen is paused, once, until it is resumed', async () => {
  const jobId = await fixture.accept(dataset);
  await keeper().look();
  await age(3_600);
  const backup = await read();
  for (let n = 0; n < 12; n += 1) {
    await keeper().look();
    await age(9);
  }
  await restore(backup);
  assert.equal(await outcome(jobId), 'unchecked', 'before anybody has looked');
  assert.match((await readRestored(fixture.worker, mark)) ?? '', /is older than the data in Redis/);
  await Promise.all([keeper().look(), keeper().look()]);
  const [pause, ...more] = await pauses();
  assert.deepEqual([pause?.['dataset_id'], pause?.['paused_by'], more], [null, 'relay', []]);
  const day = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  assert.match(
    pause?.['reason'],
    new RegExp(
      `^This Postgres is older than the data in Redis: its newest beat is from ${day}, but Redis has seen one from ${day}\\.$`,
    ),
  );
  assert.equal(restored.length, 1);
  assert.equal(await outcome(jobId), 'paused');
  // What was seen has been taken account of.
  await fixture.admin.query('DELETE FROM kasabi.pause');
  await age(9);
  await keeper().look();
  assert.deepEqual(await pauses(), []);
  assert.equal(await outcome(jobId), 'claimed');
});

test('few beats may be a long time: what counts is how old the newest is', async () => {
  await keeper().look();
  const { beats, at } = await read();
  mark = { beats: beats + 1, at: at.getTime() + 61_000 };
  await keeper().look();
  assert.equal((await pauses()).length, 1);
});

test('many beats count, too, whatever clocks say', async () => {
  await keeper().look();
  const { at } = await read();
  mark = { beats: 10, at: at.getTime() };
  await keeper().look();
  assert.equal((await pauses()).length, 1);
});

test('a standby that was some seconds behind goes on', async () => {
  await keeper().look();
  await age(20);
  const { beats, at } = await read();
  mark = { beats: beats + 2, at: at.getTime() + 20_000 };
  await keeper().look();
  assert.deepEqual(await pauses(), []);
  assert.equal(mark.beats, beats + 3, 'and what it did not know is not told again');
});

test('a Redis that is older than Postgres, or was wiped while a worker ran, stops nothing', async () => {
  const one = keeper();
  await one.look();
  const early = mark;
  await age(9);
  await one.look();
  await age(600);
  mark = early;
  await one.look();
  await age(600);
  mark = undefined;
  await one.look();
  assert.deepEqual(await pauses(), []);
  mark = undefined;
  await keeper().look();
  assert.deepEqual(await pauses(), [], 'nor does a new worker within a minute');
});

test('a Redis that knows nothing of a Postgres with an old beat: nobody can tell, so it is paused', async () => {
  await keeper().look();
  await age(61);
  mark = undefined;
  await keeper().look();
  assert.match((await pauses())[0]?.['reason'], /^Redis has not seen this Postgres/);
});

test('a Postgres that was restored under a running worker is paused, though Redis was wiped as well', async () => {
  const one = keeper();
  await one.look();
  await age(120);
  const backup = await read();
  await one.look();
  await restore(backup);
  mark = undefined;
  await one.look();
  assert.equal((await pauses()).length, 1);
});

test('a copy of the database elsewhere is paused, however new', async () => {
  for (const change of ["cluster = '1'", 'database = 1']) {
    mark = undefined;
    await keeper().look();
    await fixture.admin.query(`UPDATE kasabi.beat SET ${change}`);
    await keeper().look();
    assert.match((await pauses())[0]?.['reason'], /is a copy of another one/, change);
    await fixture.admin.query('DELETE FROM kasabi.pause');
  }
});

test('a database from before there were beats is older than any; a new one is not', async () => {
  mark = { beats: 5_000, at: Date.now() };
  await keeper().look();
  assert.deepEqual(await pauses(), []);
  await restore({ beats: 0, at: new Date(0) });
  mark = { beats: 5_000, at: Date.now() };
  await fixture.accept(dataset);
  await keeper().look();
  assert.match((await pauses())[0]?.['reason'], /it has no beat yet/);
});

test('what an operator had paused stays paused, and tells of both', async () => {
  await keeper().look();
  await fixture.admin.query(
    `INSERT INTO kasabi.pause (reason, paused_by) VALUES ('a restore', '203.0.113.9')`,
  );
  mark = { beats: 100, at: Date.now() };
  await keeper().look();
  const [pause, ...more] = await pauses();
  assert.deepEqual([pause?.['paused_by'], more], ['relay', []]);
  assert.match(pause?.['reason'], /It was paused before, by 203\.0\.113\.9: a restore\.$/);
});

test('a Redis that cannot be read keeps the beat from being written, one that refuses writes does not', async () => {
  const away = new Error('Redis is away');
  await assert.rejects(keeper({ readMark: () => Promise.reject(away) }).look(), away);
  assert.equal((await read()).beats, 0);
  // Redis is readable and refuses writes: jobs go on.
  await assert.rejects(keeper({ writeMark: () => Promise.reject(away) }).look(), away);
  assert.equal((await read()).beats, 1);
});
