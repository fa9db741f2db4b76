import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSettings } from './env.ts';
import { forgetShellSettings } from './shell-settings.ts';

const shell = {
  PATH: '/bin',
  LOG_LEVEL: 'debug',
  OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
};
const postgres = {
  PGSSLMODE: 'require',
  PGHOST: 'db.example',
  PGSERVICE: 's',
  PGCONNECT_TIMEOUT: '1',
};
const others = {
  NODE_OPTIONS: '--inspect',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  REDIS_HOST: 'redis.example',
  REDIS_PASSWORD: 'p',
  REDISCLI_AUTH: 'p',
  POSTGRES_HOST: 'db.example',
};

describe('what the shell says to other programs', () => {
  it('is forgotten, and our own settings are not', () => {
    const env = { ...shell, ...postgres, ...others };
    forgetShellSettings(true, env);
    assert.deepEqual(env, shell);
  });

  it("is kept where it concerns the user's own Postgres", () => {
    const env = { ...shell, ...postgres, ...others };
    forgetShellSettings(false, env);
    assert.deepEqual(env, { ...shell, ...postgres });
  });

  it('would else be taken for a misspelt setting', () => {
    const env: NodeJS.ProcessEnv = { ...others };
    assert.throws(() => readSettings(env), /REDIS_HOST/);
    forgetShellSettings(true, env);
    readSettings(env);
  });
});
