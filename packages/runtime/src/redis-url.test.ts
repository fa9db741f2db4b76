import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRedisUrl, RedisUrlInvalid } from './redis-url.ts';

const at = (host: string, port: number) => ({ host, port });

/** What is wrong with a URL, as its message has it. */
function problemOf(text: string): string {
  try {
    parseRedisUrl(text);
  } catch (error) {
    assert.ok(error instanceof RedisUrlInvalid);
    assert.equal(error.code, 'redis-url-invalid');
    return error.message;
  }
  return '';
}

describe('parseRedisUrl', () => {
  it('reads the three forms', () => {
    assert.deepEqual(parseRedisUrl('redis://h'), {
      tls: false,
      db: 0,
      servers: { kind: 'single', address: at('h', 6_379) },
    });
    assert.deepEqual(parseRedisUrl('rediss+sentinel://u:p@h1:1,h2/my-master.1/3'), {
      tls: true,
      username: 'u',
      password: 'p',
      db: 3,
      servers: {
        kind: 'sentinel',
        sentinels: [at('h1', 1), at('h2', 26_379)],
        master: 'my-master.1',
      },
    });
    assert.deepEqual(parseRedisUrl('redis+cluster://:p@h1,[::1]:7000/'), {
      tls: false,
      password: 'p',
      db: 0,
      servers: { kind: 'cluster', nodes: [at('h1', 6_379), at('::1', 7_000)] },
    });
  });

  it('takes what people write today', () => {
    for (const [text, db, address] of [
      ['redis://h:1/', 0, at('h', 1)],
      ['redis://h:1/15', 15, at('h', 1)],
      ['rediss://10.0.0.1:6380/2', 2, at('10.0.0.1', 6_380)],
      ['redis://my_redis.local', 0, at('my_redis.local', 6_379)],
      ['redis+sentinel://h:1/m', 0, undefined],
      ['redis+cluster://h:1/0', 0, undefined],
    ] as const) {
      const { db: database, servers } = parseRedisUrl(text);
      assert.equal(database, db, text);
      if (address !== undefined) assert.deepEqual(servers, { kind: 'single', address }, text);
    }
  });

  it('takes any password, percent-encoded or as it is', () => {
    for (const [login, username, password] of [
      ['u:p%40%3A%2F%25', 'u', 'p@:/%'],
      ['u:a@b/c:d#e?', 'u', 'a@b/c:d#e?'],
      ['us%C3%A9r:p', 'usér', 'p'],
    ] as const) {
      const place = parseRedisUrl(`redis://${login}@h:1/2`);
      assert.deepEqual([place.username, place.password, place.db], [username, password, 2]);
    }
  });

  it('says what is wrong, and never repeats the text', () => {
    const secret = 'hunter2';
    for (const [text, problem] of [
      [secret, /^must be a URL such as redis:\/\/host:6379, redis\+sentinel:/],
      ['h:6379', /^must be a URL such as/],
      [`redis:${secret}@h`, /^must be a URL such as/],
      [`http://u:${secret}@h`, /^must begin with one of redis:\/\/, .*rediss\+cluster:\/\/$/],
      [`redis+sentinels://u:${secret}@h/m`, /; did you mean redis\+sentinel:\/\/\?$/],
      ['redis-cluster://h', /; did you mean redis\+cluster:\/\/\?$/],
      ['sentinel://h/m', /; did you mean redis\+sentinel:\/\/\?$/],
      ['valkeys://h', /; did you mean rediss:\/\/\?$/],
      ['REDIS://h', /; did you mean redis:\/\/\?$/],
      [`redis://u:${secret}@h1,h2`, /^names several hosts; begin it with redis\+sentinel:\/\/ or/],
      [`redis+sentinel://u:${secret}@h1,h2`, /^must end in the master's name/],
      ['redis+sentinel://h//0', /^must end in the master's name/],
      ['redis+sentinel://h/m/x', /^must end in the number of a database/],
      ['redis://h/1/2', /^must end in the number of a database/],
      ['redis://h/m', /^must end in the number of a database/],
      ['redis+cluster://h/1', /^names a database, and a cluster has number 0 only$/],
      ['redis://', /^names something that is not host:port/],
      ['redis+cluster://h1,,h2', /^names something that is not host:port/],
      ['redis://h:port', /^names something that is not host:port/],
      ['redis://[127.0.0.1]:1', /^names something that is not host:port/],
      ['redis://::1', /^names something that is not host:port/],
      ['redis://h:0', /^names a port that is not from 1 to 65535$/],
      ['redis://h:65536', /^names a port that is not from 1 to 65535$/],
      [`redis://${secret}@h`, /^has a login without a password: write user:password@$/],
      ['redis://u:@h', /^has a login without a password/],
      [`redis://u:%zz${secret}@h`, /^has a % in its login .* write %25 for it$/],
      ['redis://h?db=2', /^must have no \? and no #/],
      ['redis://h/0#a', /^must have no \? and no #/],
    ] as const) {
      assert.match(problemOf(text), problem, text);
      assert.doesNotMatch(problemOf(text), /hunter2/);
    }
  });
});
