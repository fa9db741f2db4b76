// No container engine runs where this project is tested. So this holds docker-compose.yml against the
// services' settings and the tree, and runs its programs, with its environment, as processes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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
import { environment } from '../support/env.ts';
import { createDatabase, createRedis, startService } from '../support/index.ts';
import { defaultOf, settings } from '../support/settings-table.ts';
import { compose, container, environmentOf, example, read, text } from './support/compose.ts';

const names = ['api', 'worker', 'status', 'operations'] as const;
const readers = {
  ...{ api: readApi, worker: readWorker, status: readStatus },
  operations: readOperations,
};
for (const name of names) {
  test(`${name}: the environment is its settings, complete, and it takes them`, () => {
    const { environment: given = {}, command, healthcheck, ports, ...more } = container(name);
    const port = `${name.toUpperCase()}_PORT`;
    const all = Object.keys(settings[name] ?? {}).filter((setting) => setting !== port);
    const plain = (key: string): string => (all.includes(key) ? key : key.replace(/_FILE$/, ''));
    assert.deepEqual(Object.keys(given).map(plain).sort(), all.sort());
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

/** Who an image's program runs as, where that is not its own name. */
const users: Readonly<Record<string, string>> = {
  ...{ prometheus: 'nobody', grafana: '472' },
  nginx: '101',
};

test('images have exact versions, and every container is kept to what it needs', () => {
  const { name: title, version } = JSON.parse(read('package.json'));
  for (const [name, it] of Object.entries(compose.services)) {
    assert.match(
      it.image,
      /^([\w-]+\/)?[\w-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?(@sha256:\w{64})?$/,
      name,
    );
    for (const limit of ['mem_limit', 'cpus', 'pids_limit'])
      assert.ok(it[limit], `${name}: ${limit}`);
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
  assert.deepEqual(optional.map(([name]) => name).sort(), [
    'api-2',
    'grafana',
    'nginx',
    'prometheus',
    'status-2',
  ]);
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
  const line = container('redis').command?.join(' ') ?? '';
  for (const wanted of ['dir /data', 'appendonly yes', 'maxmemory-policy noeviction']) {
    assert.ok(line.includes(`--${wanted} `), wanted);
  }
  assert.match(container('postgres').command?.join(' ') ?? '', /max_locks_per_transaction=1024/);
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
  const [database, redis] = [await createDatabase(), await createRedis()];
  const run = promisify(execFile);
  const { PATH } = environment();
  /** What Compose gives a container, with this run's servers in the place of Compose's. */
  const here = (name: string): Record<string, string> => {
    const given = environmentOf(name);
    if (given['EXPORT_STORE'] !== undefined) {
      given['EXPORT_STORE'] = pathToFileURL(temporaryExports(database.url)).href;
    }
    if (given['REDIS_URL'] !== undefined) given['REDIS_URL'] = redis.url;
    const [url, place] = [new URL(given['DATABASE_URL'] ?? ''), new URL(database.url)];
    [url.host, url.pathname] = [place.host, place.pathname];
    given['DATABASE_URL'] = name === 'migrate' ? database.url : url.href;
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
