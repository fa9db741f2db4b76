// The passwords of docker-compose.yml are files, which a script makes; and what stands behind its nginx.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { aclRules } from '@kasabi/queue';
import { compose, container, folder, read, script, secret } from './support/compose.ts';

test('every secret is a file that the script makes, once, and that only its containers see', () => {
  const { secrets } = compose;
  for (const [name, { file }] of Object.entries(secrets)) {
    assert.equal(file, `secrets/${name}`);
    assert.ok(secret(name).length > 15, name);
  }
  assert.equal(statSync(path.join(folder, 'secrets')).mode & 0o777, 0o700);
  const before = readdirSync(path.join(folder, 'secrets')).map(secret);
  assert.equal(new Set(before).size, before.length - 1, 'service-secret alone is there twice');
  execFileSync('sh', [script], { cwd: folder });
  assert.deepEqual(readdirSync(path.join(folder, 'secrets')).map(secret), before);

  for (const [name, it] of Object.entries(compose.services)) {
    const mounted = (it['secrets'] as string[] | undefined) ?? [];
    const named = [...JSON.stringify(it).matchAll(/\/run\/secrets\/([\w-]+)/g)].map(
      ([, file]) => file,
    );
    if (name !== 'grafana') assert.deepEqual([...new Set(named)].sort(), mounted.toSorted(), name);
    for (const file of mounted) assert.ok(secrets[file], `${name}: ${file}`);
    for (const value of Object.values(it.environment ?? {})) {
      assert.doesNotMatch(value ?? '', /:\/\/[^/]*@/, `${name} has a password in its environment`);
    }
  }
});

test('each service has a user of its own in Redis, with what it needs', async () => {
  const lines = secret('redis-users').trim().split('\n');
  assert.deepEqual(lines, [
    'user default off',
    'user health on nopass -@all +ping',
    ...(['api', 'worker', 'operations'] as const).map(
      (name) =>
        `user kasabi-${name} on >${secret(`redis-kasabi-${name}-password`)} ${aclRules[name]}`,
    ),
  ]);
  for (const name of ['api', 'worker', 'operations'] as const) {
    const url = new URL(secret(`kasabi-${name}-redis-url`));
    assert.equal(url.username, `kasabi-${name}`);
    assert.equal(url.password, secret(`redis-kasabi-${name}-password`));
  }
});

test('two of api and status are behind nginx, which looks up their names again', () => {
  const ours = read('infra/docker/upstreams.conf').replaceAll(' resolve;', ';');
  const blocks = (conf: string): string => conf.slice(conf.indexOf('upstream api'));
  assert.equal(blocks(ours), blocks(read('infra/nginx/upstreams.conf')));
  assert.match(ours, /^resolver 127\.0\.0\.11 /m);
  for (const [, server = ''] of ours.matchAll(/server ([\w-]+):\d+ /g)) {
    assert.ok(Object.hasOwn(container('nginx')['depends_on'] as object, server), server);
  }
  for (const name of ['api', 'status']) {
    const { profiles, ports, ...twin } = container(`${name}-2`);
    assert.deepEqual([profiles, ports], [['scaled'], []]);
    const { ports: _published, ...first } = container(name);
    assert.deepEqual(twin, first);
  }
});
