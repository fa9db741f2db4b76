import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { choice, integer, port, postgresUrl, publicUrl } from './setting-kinds.ts';
import { type Environment, parseSettings, SettingsInvalid } from './settings.ts';

const schema = z.object({
  DATABASE_URL: postgresUrl(),
  API_PORT: port(8080),
  API_PUBLIC_URL: publicUrl(),
  MAX_SCHEDULE_DAYS: integer({ from: 1, to: 36_500, fallback: 366 }),
  LOG_LEVEL: choice(['info', 'warn'], 'info'),
});

const good = {
  DATABASE_URL: 'postgresql://api:secret@db/kasabi',
  API_PUBLIC_URL: 'https://api.example.org',
};

const parse = (environment: Environment) =>
  parseSettings(schema, environment, { of: 'the api service', prefixes: ['API_'] });

/** The problems of an environment, as the message lists them. */
function problemsOf(environment: Environment): string[] {
  try {
    parse(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsInvalid);
    assert.equal(error.code, 'settings-invalid');
    const [title, ...problems] = error.message.split('\n');
    assert.equal(title, 'The settings are not usable:');
    return problems.map((problem) => problem.replace(/^ {2}- /, ''));
  }
  return [];
}

describe('parseSettings', () => {
  it('reads what is set and fills in the rest; empty is unset', () => {
    assert.deepEqual(parse({ ...good, API_PORT: '', LOG_LEVEL: 'warn', PATH: '/bin', API_X: '' }), {
      ...good,
      API_PORT: 8080,
      MAX_SCHEDULE_DAYS: 366,
      LOG_LEVEL: 'warn',
    });
  });

  it('names every missing setting at once', () => {
    assert.deepEqual(problemsOf({ API_PUBLIC_URL: '' }), [
      'DATABASE_URL is not set; it must be a URL that begins with postgresql:// or postgres://.',
      'API_PUBLIC_URL is not set; it must be a URL that begins with http:// or https://.',
    ]);
  });

  it('names a wrong setting and says what it must be', () => {
    for (const [name, value, problem] of [
      ['API_PORT', '80a', 'must be a port number from 0 to 65535'],
      ['API_PORT', '65536', 'must be a port number from 0 to 65535'],
      ['API_PORT', '-1', 'must be a port number from 0 to 65535'],
      ['MAX_SCHEDULE_DAYS', '0', 'must be a whole number from 1 to 36500'],
      ['MAX_SCHEDULE_DAYS', '1e3', 'must be a whole number from 1 to 36500'],
      ['LOG_LEVEL', 'loud', 'must be one of info, warn'],
    ] as const) {
      assert.deepEqual(problemsOf({ ...good, [name]: value }), [`${name} ${problem}.`]);
    }
  });

  it('refuses an unknown setting that was meant for it', () => {
    assert.deepEqual(problemsOf({ ...good, LOG_LEVELL: 'warn', log_level: 'warn' }), [
      'LOG_LEVELL is not a setting of the api service; did you mean LOG_LEVEL?',
      'log_level is not a setting of the api service; did you mean LOG_LEVEL?',
    ]);
    assert.deepEqual(problemsOf({ ...good, API_COLOUR: 'red' }), [
      'API_COLOUR is not a setting of the api service; its settings are ' +
        'DATABASE_URL, API_PORT, API_PUBLIC_URL, MAX_SCHEDULE_DAYS, LOG_LEVEL.',
    ]);
    assert.deepEqual(problemsOf({ ...good, WORKER_COLOUR: 'red', LOG: 'x' }), []);
  });

  it('ignores the service links of Kubernetes, and explains the one it cannot ignore', () => {
    const links = {
      API_SERVICE_HOST: '10.0.0.1',
      API_SERVICE_PORT: '80',
      API_SERVICE_PORT_HTTP: '80',
      API_PORT_80_TCP: 'tcp://10.0.0.1:80',
      API_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    assert.deepEqual(problemsOf({ ...good, ...links }), []);
    const [problem] = problemsOf({ ...good, ...links, API_PORT: 'tcp://10.0.0.1:80' });
    assert.match(problem ?? '', /^API_PORT must be a port number .*enableServiceLinks: false/);
  });

  it('never repeats a value: it may be a secret', () => {
    const secret = 'hunter2';
    const wrong = Object.fromEntries(
      [...Object.keys(schema.shape), 'API_KEY', 'LOG_LEVELL'].map((name) => [name, secret]),
    );
    const problems = problemsOf({ ...wrong, DATABASE_URL: `mysql://root:${secret}@db/kasabi` });
    assert.equal(problems.length, 6);
    assert.doesNotMatch(problems.join('\n'), new RegExp(secret));
  });
});

describe('publicUrl', () => {
  it('drops trailing slashes and keeps the path', () => {
    for (const [value, expected] of [
      ['http://h', 'http://h'],
      ['http://h/', 'http://h'],
      ['https://H.example:8443/status//', 'https://h.example:8443/status'],
      ['https://h/käsabi', 'https://h/k%C3%A4sabi'],
    ] as const) {
      assert.equal(parse({ ...good, API_PUBLIC_URL: value }).API_PUBLIC_URL, expected);
    }
  });

  it('refuses what a path cannot be added to', () => {
    for (const value of ['http://h/?a=1', 'http://h/#a', 'http://user:secret@h/', 'http://h/a b']) {
      assert.match(
        problemsOf({ ...good, API_PUBLIC_URL: value }).join(),
        /^API_PUBLIC_URL must be/,
      );
    }
    for (const value of ['h', 'ftp://h', 'http:h', '//h', 'http://']) {
      assert.match(problemsOf({ ...good, API_PUBLIC_URL: value }).join(), /begins with http:\/\//);
    }
  });
});
