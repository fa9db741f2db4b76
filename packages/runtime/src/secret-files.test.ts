import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { checkRedis, redisSettings } from './common-settings.ts';
import { operatorPassword, postgresUrl, redisUrl, serviceSecret } from './setting-kinds.ts';
import { type Environment, parseSettings, SettingsInvalid } from './settings.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
let folder: string;

/** A file with this text. */
function fileOf(text: string): string {
  const file = path.join(folder, String(Math.random()));
  writeFileSync(file, text);
  return file;
}

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-secrets-'));
});
after(() => rmSync(folder, { recursive: true }));

const schema = z
  .object({
    DATABASE_URL: postgresUrl().describe('Postgres'),
    REDIS_URL: redisUrl().optional().describe('Redis'),
    ...redisSettings,
    OPERATOR_PASSWORD: operatorPassword(),
    SERVICE_SECRET: serviceSecret().describe('The secret'),
    LOG_LEVEL: z.string().optional(),
  })
  .superRefine(checkRedis);

const good = { DATABASE_URL: 'postgres://h/d', OPERATOR_PASSWORD: 'correct-horse' };
const parse = (environment: Environment) =>
  parseSettings(schema, environment, { of: 'a service', prefixes: ['REDIS_'] });

/** The problems of an environment, as the message lists them. */
function problemsOf(environment: Environment): string[] {
  try {
    parse({ ...good, ...environment });
  } catch (error) {
    assert.ok(error instanceof SettingsInvalid);
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^ {2}- /, ''));
  }
  return [];
}

test('each secret may be a file, whose last line may have an end', () => {
  const given = {
    DATABASE_URL_FILE: fileOf('postgres://u:p@h/d\n'),
    REDIS_URL_FILE: fileOf('redis+sentinel://u:p@h/m'),
    OPERATOR_PASSWORD_FILE: fileOf('from-a-file-too\r\n'),
    SERVICE_SECRET_FILE: fileOf('0123456789abcdef\n'),
    REDIS_SENTINEL_PASSWORD_FILE: fileOf('from-a-file'),
  };
  const taken = Object.entries(parse(given)).filter(([, value]) => value !== undefined);
  assert.deepEqual(Object.fromEntries(taken), {
    DATABASE_URL: 'postgres://u:p@h/d',
    REDIS_URL: 'redis+sentinel://u:p@h/m',
    OPERATOR_PASSWORD: 'from-a-file-too',
    SERVICE_SECRET: '0123456789abcdef',
    REDIS_SENTINEL_PASSWORD: 'from-a-file',
  });
});

test('both, and a file that is no use, are named without the value', () => {
  const both = { OPERATOR_PASSWORD_FILE: fileOf('another-password') };
  assert.deepEqual(problemsOf(both), [
    'OPERATOR_PASSWORD and OPERATOR_PASSWORD_FILE are both set; set one of them.',
  ]);
  const mistaken = { REDIS_URL_FILE: 'redis://u:hunter2@h' };
  assert.deepEqual(problemsOf(mistaken), [
    'REDIS_URL_FILE must name a file that this process can read (ENOENT).',
  ]);
  assert.deepEqual(problemsOf({ REDIS_URL_FILE: folder }), [
    'REDIS_URL_FILE must name a file that this process can read (EISDIR).',
  ]);
  assert.deepEqual(problemsOf({ SERVICE_SECRET_FILE: fileOf('\n') }), [
    'SERVICE_SECRET_FILE names an empty file.',
  ]);
  assert.match(
    problemsOf({ REDIS_URL_FILE: fileOf('hunter2') }).join(),
    /^REDIS_URL must be a URL/,
  );
});

test('a file is suggested like a setting, and only for secrets', () => {
  assert.deepEqual(problemsOf({ REDIS_URI_FILE: 'x' }), [
    'REDIS_URI_FILE is not a setting of a service; did you mean REDIS_URL_FILE?',
  ]);
  assert.deepEqual(problemsOf({ LOG_LEVEL_FILE: fileOf('info') }), []);
  assert.match(
    problemsOf({ REDIS_CA_FILE_FILE: 'x' }).join(),
    /^REDIS_CA_FILE_FILE is not a setting/,
  );
});

test('the certificates of Redis are read, and held against its URL', () => {
  const tls = { REDIS_URL: 'rediss://h', REDIS_CA_FILE: fileOf(pem) };
  assert.equal(parse({ ...good, ...tls }).REDIS_CA_FILE, pem);
  assert.deepEqual(problemsOf({ ...tls, REDIS_CA_FILE: fileOf('MII') }), [
    'REDIS_CA_FILE must name a file in PEM format that this process can read.',
  ]);
  assert.deepEqual(problemsOf({ ...tls, REDIS_URL: 'redis://h' }), [
    'REDIS_CA_FILE needs TLS: begin REDIS_URL with rediss instead of redis.',
  ]);
  assert.deepEqual(problemsOf({ ...tls, REDIS_CERT_FILE: fileOf(pem) }), [
    'REDIS_KEY_FILE must be set as well: a certificate is of no use without its key.',
  ]);
  assert.deepEqual(problemsOf({ ...tls, REDIS_SENTINEL_PASSWORD: 'p' }), [
    'REDIS_SENTINEL_PASSWORD is for sentinels: begin REDIS_URL with redis+sentinel://.',
  ]);
  const sentinel = { REDIS_URL: 'redis+sentinel://h/m', REDIS_SENTINEL_USERNAME: 'u' };
  assert.deepEqual(problemsOf(sentinel), [
    'REDIS_SENTINEL_PASSWORD must be set as well: a user without a password cannot log in.',
  ]);
});
