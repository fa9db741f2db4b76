// No container engine runs where this project is tested. So this holds docker-compose.yml against the
// services' settings and the tree, and runs its programs, with its environment, as processes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { readSettings as readApi } from '@kasabi/api/env';
import { projectRoot, temporaryExports } from '@kasabi/local';
import { readSettings as readOperations } from '@kasabi/operations-service/env';
import { readSettings as readStatus } from '@kasabi/status/env';
import { readSettings as readWorker } from '@kasabi/worker/env';
import pg from 'pg';
import { parse } from 'yaml';
import { environment, testEnvironment } from '../support/env.ts';
import { createDatabase, createRedis, startService } from '../support/index.ts';
import { defaultOf, settings } from '../support/settings-table.ts';

interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly [key: string]: unknown;
}

const names = ['api', 'worker', 'status', 'operations'] as const;
const readers = {
  ...{ api: readApi, worker: readWorker, status: readStatus },
  operations: readOperations,
};
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const text = read('docker-compose.yml');
const compose: Record<'services' | 'volumes', Record<string, Container>> = parse(text, {
  merge: true,
});
const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

const container = (name: string): Container => compose.services[name] ?? assert.fail(name);

/** A container's environment, as Compose makes it of a filled-in .env. */
function environmentOf(name: string, secrets: Record<string, string> = {}): Record<string, string> {
  const values: Record<string, string | undefined> = { ...example, ...secrets };
  const set = Object.entries(container(name).environment ?? {}).filter(
    ([, value]) => value !== null,
  );
  return Object.fromEntries(
    set.map(([key, value]) => [
      key,
      (value ?? '').replaceAll(/\$\{(\w+)[^}]*\}/g, (_, it) => values[it] || `a-${it}`),
    ]),
  );
}

for (const name of names) {
  test(`${name}: the environment is its settings, complete, and it takes them`, () => {
    const { environment: given = {}, command, healthcheck, ports, ...more } = container(name);
    const port = `${name.toUpperCase()}_PORT`;
    const all = Object.keys(settings[name] ?? {}).filter((setting) => setting !== port);
    assert.deepEqual(Object.keys(given).sort(), all.sort());
    const taken = readers[name](environmentOf(name));
    assert.equal(new URL(taken.DATABASE_URL).username, `kasabi_${name}`);
    const grace = Number(/^(\d+)s$/.exec(more.stop_grace_period ?? '')?.[1]) * 1_000;
    assert.ok(grace > taken.SHUTDOWN_TIMEOUT_MS, `${grace} ms until SIGKILL`);

    assert.deepEqual(command, [`services/${name}/dist/main.js`]);
    assert.ok(existsSync(path.join(projectRoot, `services/${name}/src/main.ts`)));
    const listens = defaultOf(settings[name]?.[port] ?? assert.fail(port));
    assert.match(healthcheck?.test.join(' ') ?? '', new RegExp(`127.0.0.1:${listens}/readyz'`));
    assert.equal(more['container_name'], undefined);
    const variable = `${name.toUpperCase()}_PUBLISH`;
    const published = `\${${variable}:-127.0.0.1:${listens}}:${listens}`;
    assert.deepEqual(ports, name === 'worker' ? undefined : [published]);
  });
}

test('every variable is in .env.example, with the same default, and every line there is used', () => {
  const used = [...text.matchAll(/\$\{(\w+)(?::-([^}]*))?/g)];
  assert.deepEqual(
    [...new Set(used.map(([, name]) => name))].sort(),
    Object.keys(example).sort(),
    'docker-compose.yml and .env.example name the same variables',
  );
  for (const [, name = '', fallback] of used) {
    assert.equal(example[name] ?? '', fallback ?? '', name);
  }
  const given = Object.assign({}, ...names.map((name) => container(name).environment));
  for (const [, name = ''] of read('.env.example').matchAll(/^# (\w+)=/gm)) {
    assert.equal(given[name], null, `${name} is passed on to a service`);
  }
});

test('no secret has a default, and each is asked for', () => {
  const secrets = Object.keys(example).filter((name) => name.endsWith('_PASSWORD'));
  assert.equal(secrets.length, 7);
  for (const name of secrets) assert.ok(text.includes(`\${${name}:?`), `${name} is required`);
  const given = Object.values(compose.services).flatMap((it) =>
    Object.entries(it.environment ?? {}),
  );
  for (const [name, value] of given) {
    const password = /PASSWORD|AUTH/.test(name) ? value : /:\/\/\w+:(.*)@/.exec(value ?? '')?.[1];
    if (password) assert.match(password, /^\$\{\w+_PASSWORD(:\?[^}]+)?\}$/, name);
  }
});

/** Who an image's program runs as, where that is not its own name. */
const users: Readonly<Record<string, string>> = { prometheus: 'nobody', grafana: '472' };

test('images have exact versions, and every container is kept to what it needs', () => {
  const { name: title, version } = JSON.parse(read('package.json'));
  for (const [name, it] of Object.entries(compose.services)) {
    assert.match(it.image, /^([\w-]+\/)?[\w-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/, name);
    assert.equal(it['read_only'], true, name);
    assert.deepEqual(it['cap_drop'], ['ALL'], name);
    assert.deepEqual(it['security_opt'], ['no-new-privileges:true'], name);
    if (it['build'] === undefined) {
      const user = users[name] ?? name;
      assert.equal(it['user'], user, `${name} does not run as root`);
    } else {
      assert.equal(it.image, `${title}:${version}`);
      assert.deepEqual(it['build'], { context: '.', dockerfile: 'infra/docker/Dockerfile' });
      assert.equal(it['init'], true, name);
    }
    assert.equal(it['restart'], name === 'migrate' ? 'no' : 'unless-stopped', name);
  }
});

test('what watches the system is asked for, serves this host alone, and mounts what is there', () => {
  for (const name of ['prometheus', 'grafana']) {
    const { profiles, volumes, ports } = container(name);
    assert.deepEqual(profiles, ['monitoring']);
    assert.ok(
      ports?.every((port) => port.startsWith('127.0.0.1:')),
      name,
    );
    const mounts = (volumes as string[]).filter((it) => it.startsWith('./'));
    assert.ok(mounts.length > 0);
    for (const mount of mounts) {
      const [from = '', , mode] = mount.split(':');
      assert.ok(existsSync(path.join(projectRoot, from)), from);
      assert.equal(mode, 'ro');
    }
  }
  const optional = Object.entries(compose.services).filter(([, it]) => it['profiles']);
  assert.deepEqual(optional.map(([name]) => name).sort(), ['grafana', 'prometheus']);
});

test('Postgres 18 and Redis 8 keep their data, and Redis evicts nothing', () => {
  assert.match(container('postgres').image, /^postgres:18\./);
  // The data folder of the images before 18 would be lost with the container.
  assert.deepEqual(container('postgres')['volumes'], ['postgres:/var/lib/postgresql']);
  assert.match(container('redis').image, /^redis:8\./);
  assert.deepEqual(container('redis')['volumes'], ['redis:/data']);
  assert.deepEqual(Object.keys(compose.volumes).sort(), [
    'exports',
    'postgres',
    'prometheus',
    'redis',
  ]);
  assert.deepEqual(container('worker')['volumes'], ['exports:/exports']);
  assert.deepEqual(container('status')['volumes'], ['exports:/exports:ro']);
  assert.match(read('infra/docker/Dockerfile'), /chown node:node \/exports/);
  const lines = container('redis').command?.join('\n').split('\n') ?? [];
  const wanted = ['dir /data', 'appendonly yes', 'appendfsync everysec'];
  // The password is the shell's to fill in: on the command line, every user of the host could read it.
  wanted.push('maxmemory-policy noeviction', 'requirepass "$$REDISCLI_AUTH"');
  assert.deepEqual(
    wanted.filter((line) => !lines.includes(line)),
    [],
  );
});

test('nothing starts before what it needs', () => {
  const healthy = { condition: 'service_healthy' };
  const migrate = { condition: 'service_completed_successfully' };
  assert.deepEqual(container('migrate')['depends_on'], { postgres: healthy });
  assert.deepEqual(container('api')['depends_on'], { migrate, redis: healthy });
  assert.deepEqual(container('worker')['depends_on'], { migrate, redis: healthy });
  assert.deepEqual(container('status')['depends_on'], { migrate });
  assert.deepEqual(container('operations')['depends_on'], { migrate });
  assert.deepEqual(container('grafana')['depends_on'], { migrate });
  for (const name of ['postgres', 'redis', 'prometheus', 'grafana']) {
    assert.ok(container(name).healthcheck, name);
  }
});

test('the migration makes the logins, and with them the services get ready and healthy', async () => {
  const { TEST_DATABASE_URL, TEST_REDIS_URL } = testEnvironment();
  const [database, redis] = [await createDatabase(), await createRedis()];
  const run = promisify(execFile);
  const { PATH } = environment();
  const servers = { DATABASE_URL: database.url, REDIS_URL: redis.url };
  const secrets = {
    POSTGRES_PASSWORD: new URL(TEST_DATABASE_URL).password,
    REDIS_PASSWORD: new URL(TEST_REDIS_URL).password,
  };
  /** What Compose gives a container, with this run's servers in the place of Compose's. */
  const here = (name: string): Record<string, string> => {
    const given = environmentOf(name, secrets);
    if (given['EXPORT_STORE'] !== undefined) {
      given['EXPORT_STORE'] = pathToFileURL(temporaryExports(database.url)).href;
    }
    for (const [key, server] of Object.entries(servers)) {
      if (given[key] === undefined) continue;
      const [url, place] = [new URL(given[key]), new URL(server)];
      [url.host, url.pathname] = [place.host, place.pathname];
      given[key] = url.href;
    }
    // Containers have each their own; here it may be somebody else's.
    if (given['METRICS_PORT'] !== undefined) given['METRICS_PORT'] = '0';
    return given;
  };
  try {
    await run(process.execPath, [...(container('migrate').command ?? [])], {
      cwd: projectRoot,
      env: { PATH, ...here('migrate') },
    });
    for (const name of names) {
      const client = new pg.Client({ connectionString: here(name)['DATABASE_URL'] });
      await client.connect();
      const { rows } = await client.query('SELECT current_user AS login');
      await client.end();
      assert.deepEqual(rows, [{ login: `kasabi_${name}` }]);

      const service = await startService(name, here(name));
      const check = (container(name).healthcheck?.test ?? [])
        .slice(2)
        .map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${service.port}`));
      try {
        await run(process.execPath, check, { env: { PATH } });
      } finally {
        await service.stop();
      }
      await assert.rejects(run(process.execPath, check, { env: { PATH } }), `${name} is gone`);
    }
  } finally {
    // The roles belong to all databases of the run.
    for (const name of names) {
      await database.pool().query(`ALTER ROLE kasabi_${name} NOLOGIN PASSWORD NULL`);
    }
    await redis.close();
    await database.close();
  }
});
