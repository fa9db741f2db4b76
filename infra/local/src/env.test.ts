import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readSettings } from './env.ts';
import { projectRoot } from './paths.ts';
import { passedThrough, serviceSettings } from './services.ts';

describe('the settings of the local stack', () => {
  it('need none to be set, and take an empty one for unset', () => {
    const settings = readSettings({ API_PORT: '', KASABI_API_KEY: '' });
    assert.equal(settings.DATA_DIR, path.join(projectRoot, '.data'));
    assert.equal(settings.WORKERS, 1);
    assert.equal(settings.API_PORT, undefined);
  });

  it('are refused with the name of each wrong one', () => {
    const wrong = {
      API_PORT: '80800',
      WORKERS: 'many',
      DATABASE_URL: 'mysql://x',
      REDIS_PROT: '1',
    };
    assert.throws(
      () => readSettings(wrong),
      (error: Error) => Object.keys(wrong).every((name) => error.message.includes(name)),
    );
  });

  it('reach the services without the demo key, each with a role of its own', () => {
    const passed = passedThrough({
      KASABI_API_KEY: 'secret-key',
      LOG_LEVEL: 'debug',
      API_PORT: '1',
      OPERATOR_PASSWORD: 'secret-password',
    });
    assert.deepEqual(passed, { LOG_LEVEL: 'debug' });
    const surroundings = {
      databaseUrl: 'postgresql://u:p@127.0.0.1:5/kasabi',
      redisUrl: 'redis://127.0.0.1:6',
      apiPublicUrl: 'http://127.0.0.1:7',
      statusPublicUrl: 'http://127.0.0.1:8',
      operatorPassword: 'secret-password',
    };
    const status = serviceSettings('status', 8, surroundings);
    assert.match(String(status['DATABASE_URL']), /kasabi_status/);
    assert.equal(status['REDIS_URL'], undefined);
    const operations = serviceSettings('operations', 10, surroundings);
    assert.match(String(operations['DATABASE_URL']), /kasabi_operations/);
    assert.equal(operations['REDIS_URL'], surroundings.redisUrl);
    assert.equal(operations['OPERATOR_PASSWORD'], 'secret-password');
    const worker = serviceSettings('worker', 9, surroundings);
    assert.equal(worker['WORKER_PORT'], '9');
    for (const settings of [status, worker, serviceSettings('api', 7, surroundings)]) {
      assert.equal(settings['OPERATOR_PASSWORD'], undefined);
    }
  });
});
