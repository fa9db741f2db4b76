import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import pg from 'pg';
import { ConnectionLeaked, createDatabase } from './database.ts';
import { createRedis, RedisClientLeaked, withRedis } from './redis.ts';
import { WaitTimedOut, waitFor } from './wait-for.ts';

describe('the test support', () => {
  it('makes migrated databases beside each other', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => createDatabase()));
    const [first, second] = databases;
    assert.ok(first !== undefined && second !== undefined);
    await first.pool().query("INSERT INTO kasabi.owner (name) VALUES ('one')");
    const { rows } = await second.pool('api').query('SELECT current_user, name FROM kasabi.owner');
    assert.deepEqual(rows, []);
    const user = await second.pool('api').query<{ user: string }>('SELECT current_user AS user');
    assert.equal(user.rows[0]?.user, 'kasabi_api');
    await Promise.all(databases.map((database) => database.close()));
  });

  it('fails a test that leaves a connection open, naming it', async () => {
    const database = await createDatabase();
    const forgotten = new pg.Client({
      connectionString: database.url,
      application_name: 'forgotten',
    });
    forgotten.on('error', () => {
      // Dropping the database ends the connection.
    });
    await forgotten.connect();
    await assert.rejects(database.close(), (error: unknown) => {
      assert.ok(error instanceof ConnectionLeaked);
      assert.match(error.message, /forgotten/);
      return true;
    });
    await forgotten.end();
  });

  it('gives Redis databases out once, empty, and notices clients left open', async () => {
    const [first, second] = await Promise.all([createRedis(), createRedis()]);
    assert.notEqual(first.database, second.database);
    await withRedis(first.url, (redis) => redis.set('key', 'value'));
    const forgotten = new Redis(second.url, { connectionName: 'forgotten' });
    assert.equal(await forgotten.get('key'), null);
    await assert.rejects(second.close(), RedisClientLeaked);
    forgotten.disconnect();
    await Promise.all([first.close(), second.close()]);
    await withRedis(first.url, async (redis) => assert.equal(await redis.dbsize(), 0));
  });

  it('says what it waited for, and why not', async () => {
    const wait = waitFor(() => Promise.reject(new Error('not yet')), { what: 'it', timeoutMs: 30 });
    await assert.rejects(wait, (error: unknown) => {
      assert.ok(error instanceof WaitTimedOut);
      assert.equal(error.message, 'Waited 30 ms for it: not yet');
      return true;
    });
  });
});
