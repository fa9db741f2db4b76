// No cluster runs where this project is tested. So this holds infra/kubernetes against the schemas of Kubernetes's and
// KEDA's APIs, the services' settings and the tree, and asks Postgres what KEDA would.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { readSettings as readApi } from '@kasabi/api/env';
import { createDataset } from '@kasabi/datasets';
import { projectRoot } from '@kasabi/local';
import { readSettings as readOperations } from '@kasabi/operations-service/env';
import { readSettings as readStatus } from '@kasabi/status/env';
import { readSettings as readWorker } from '@kasabi/worker/env';
import { createDatabase } from '../support/index.ts';
import { defaultOf, settings } from '../support/settings-table.ts';
import { become } from '../support/watch-jobs.ts';
import { problemsOf } from './support/kubernetes-schemas.ts';
import { type Manifest, render } from './support/kustomize.ts';

const names = ['api', 'worker', 'status', 'operations'] as const;
const readers = {
  ...{ api: readApi, worker: readWorker, status: readStatus },
  operations: readOperations,
};
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const folder = path.join(projectRoot, 'infra', 'kubernetes');
const overlays = { small: render(`${folder}/small`), production: render(`${folder}/production`) };
const { version } = JSON.parse(read('package.json'));
const secrets: Record<string, string> = Object.fromEntries(
  [...read('infra/kubernetes/secrets.env.example').matchAll(/^(\w+)=$/gm)].map(([, key = '']) => [
    key,
    key === 'REDIS_URL' ? 'redis://default:secret@redis:6379' : `a-${key}-of-a-test`,
  ]),
);

/** The only manifest of this kind and name. */
function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((it) => it.kind === kind && it.metadata.name === name);
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0] ?? assert.fail();
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly configMapKeyRef?: { readonly name: string; readonly key: string };
  };
}

/** A container's environment, as Kubernetes makes it of the ConfigMap and a filled-in Secret. */
function environmentOf(manifests: readonly Manifest[], variables: readonly Variable[]) {
  const { data = {} } = find(manifests, 'ConfigMap', 'kasabi-jobs');
  const given: Record<string, string> = {};
  for (const { name, value, valueFrom: { secretKeyRef, configMapKeyRef } = {} } of variables) {
    for (const reference of [secretKeyRef, configMapKeyRef]) {
      assert.equal(reference?.name ?? 'kasabi-jobs', 'kasabi-jobs');
    }
    const found = secretKeyRef
      ? secrets[secretKeyRef.key]
      : configMapKeyRef
        ? data[configMapKeyRef.key]
        : value?.replaceAll(/\$\((\w+)\)/g, (_, it) => given[it] ?? assert.fail(`$(${it})`));
    given[name] = found ?? assert.fail(`${name} has a value`);
  }
  return given;
}

for (const [overlay, manifests] of Object.entries(overlays)) {
  test(`${overlay}: every manifest is as the APIs have it`, async () => {
    assert.ok(manifests.length > 20);
    assert.deepEqual((await Promise.all(manifests.map(problemsOf))).flat(), []);
  });

  for (const name of names) {
    test(`${overlay}: ${name} gets its settings, takes them, and is probed where it listens`, () => {
      const { spec } = find(manifests, 'Deployment', name);
      const { containers, ...pod } = spec.template.spec;
      const [container] = containers;
      const given = environmentOf(manifests, container.env);
      const taken = readers[name](given);
      const url = new URL(taken.DATABASE_URL);
      assert.equal(url.username, `kasabi_${name}`);
      assert.equal(url.password, secrets[`${name.toUpperCase()}_DB_PASSWORD`]);
      const others = Object.keys(given).filter((it) => settings[name]?.[it] === undefined);
      assert.deepEqual(others.sort(), ['DB_PASSWORD', 'POSTGRES']);
      const rest = { configMapRef: { name: `${name}-settings`, optional: true } };
      const ofStore = { secretRef: { name: 'export-store', optional: true } };
      const hasStore = settings[name]?.['EXPORT_STORE'] !== undefined;
      assert.deepEqual(container.envFrom, hasStore ? [rest, ofStore] : [rest]);

      assert.deepEqual(container.args, [`services/${name}/dist/main.js`]);
      assert.ok(existsSync(path.join(projectRoot, `services/${name}/src/main.ts`)));
      const port = Number(
        defaultOf(settings[name]?.[`${name.toUpperCase()}_PORT`] ?? assert.fail()),
      );
      assert.deepEqual(container.ports, [
        { name: 'http', containerPort: port },
        { name: 'metrics', containerPort: taken.METRICS_PORT },
      ]);
      const probed = (probe: string): string => container[probe].httpGet.path;
      assert.equal(probed('readinessProbe'), '/readyz');
      // A restart does not help while Postgres is away.
      for (const probe of ['livenessProbe', 'startupProbe'])
        assert.equal(probed(probe), '/healthz');
      for (const probe of ['livenessProbe', 'startupProbe', 'readinessProbe']) {
        assert.equal(container[probe].httpGet.port, 'http');
      }
      const before = container.lifecycle?.preStop.sleep.seconds ?? 0;
      assert.equal(before > 0, name !== 'worker');
      assert.ok(
        pod.terminationGracePeriodSeconds * 1_000 > before * 1_000 + taken.SHUTDOWN_TIMEOUT_MS,
      );
      if (name !== 'worker') {
        const service = find(manifests, 'Service', name);
        assert.deepEqual(service.spec.ports, [{ name: 'http', port, targetPort: 'http' }]);
        assert.deepEqual(service.spec.selector, spec.selector.matchLabels);
      }
      const budget = find(manifests, 'PodDisruptionBudget', name).spec;
      assert.deepEqual(budget.selector, spec.selector);
    });
  }

  test(`${overlay}: every pod is kept to what it needs`, () => {
    const pods = manifests.filter(({ spec }) => spec?.template !== undefined);
    assert.ok(pods.length >= 5);
    for (const { metadata, spec } of pods) {
      const { containers, ...pod } = spec.template.spec;
      assert.equal(pod.enableServiceLinks, false, metadata.name);
      assert.equal(pod.automountServiceAccountToken, false, metadata.name);
      assert.equal(pod.securityContext.runAsNonRoot, true, metadata.name);
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      for (const { securityContext, resources, image } of containers) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        assert.ok(resources.limits.memory && resources.requests.cpu, metadata.name);
        if (image.includes('kasabi-jobs'))
          assert.ok(image.endsWith(`kasabi-jobs:${version}`), image);
      }
    }
  });

  test(`${overlay}: the hosts of the ingress are those of the public addresses, and lead to the services`, () => {
    const { spec } = find(manifests, 'Ingress', 'kasabi-jobs');
    const { data = {} } = find(manifests, 'ConfigMap', 'kasabi-jobs');
    const hosts = ['API', 'STATUS', 'OPERATIONS'].map(
      (it) => new URL(data[`${it}_PUBLIC_URL`] ?? '').host,
    );
    assert.deepEqual(spec.tls[0].hosts, hosts);
    assert.deepEqual(
      // biome-ignore lint/suspicious/noExplicitAny: it was held against the schema.
      spec.rules.map((rule: any) => [rule.host, rule.http.paths[0].backend.service]),
      (['api', 'status', 'operations'] as const).map((name, at) => [
        hosts[at],
        { name, port: { name: 'http' } },
      ]),
    );
  });

  test(`${overlay}: the migration makes the logins`, () => {
    const [container] = find(manifests, 'Job', 'migrate').spec.template.spec.containers;
    assert.deepEqual(container.args, ['packages/admin/dist/main.js', 'migrate']);
    const given = environmentOf(manifests, container.env);
    assert.equal(new URL(given['DATABASE_URL'] ?? '').password, secrets['POSTGRES_PASSWORD']);
    for (const name of names) {
      const password = `${name.toUpperCase()}_DB_PASSWORD`;
      assert.equal(given[password], secrets[password]);
    }
  });
}

test('every secret of the example is used, and none is in a manifest', () => {
  const text = ['base', 'small', 'production'].flatMap((it) => render(`${folder}/${it}`));
  const used = [...JSON.stringify(text).matchAll(/"secretKeyRef":\{"name":"\S+?","key":"(\w+)"/g)];
  assert.deepEqual([...new Set(used.map(([, key]) => key))].sort(), Object.keys(secrets).sort());
  assert.ok(text.every(({ kind }) => kind !== 'Secret'));
});

test('at their most, and during an update, the services stay below max_connections', () => {
  const { production } = overlays;
  const table = read('docs/deployment.md');
  let sum = 0;
  for (const name of names) {
    const { spec } = find(production, 'Deployment', name);
    const scaled = production.find((it) => it.spec?.scaleTargetRef?.name === name)?.spec;
    const most = scaled ? (scaled.maxReplicas ?? scaled.maxReplicaCount) : spec.replicas;
    const least = scaled ? (scaled.minReplicas ?? scaled.minReplicaCount) : spec.replicas;
    assert.equal(spec.replicas === undefined, scaled !== undefined, name);
    assert.ok(least >= (name === 'operations' ? 1 : 2), `${name} is never fewer`);
    const [, cell = ''] = new RegExp(`^\\| ${name} \\| (.*?) \\|`, 'm').exec(table) ?? [];
    const each = [...cell.matchAll(/\((\d+)\)| (\d+) for/g)].map(([, a, b]) => Number(a ?? b));
    assert.ok(each.length >= 2, cell);
    sum += (most + spec.strategy.rollingUpdate.maxSurge) * each.reduce((a, b) => a + b);
  }
  const [, limit] =
    /max_connections is (\d+)/.exec(read('infra/kubernetes/production/settings.yaml')) ?? [];
  // KEDA's own, the migration's, and 20 for the command line, backups and superusers.
  assert.ok(sum + 22 <= Number(limit), `${sum} of ${limit}`);
});

test('KEDA counts the datasets that a worker could work for, with the login of the workers', async () => {
  const { spec } = find(overlays.production, 'ScaledObject', 'worker');
  const [{ metadata, type }] = spec.triggers;
  assert.equal(type, 'postgresql');
  const [container] = find(overlays.production, 'Deployment', 'worker').spec.template.spec
    .containers;
  assert.ok(container.env.some(({ name }: Variable) => name === metadata.connectionFromEnv));
  const database = await createDatabase();
  try {
    const pool = database.pool();
    await createOwner(pool, 'owner');
    await issueKey(pool, 'owner');
    const ids: number[] = [];
    for (const code of ['running', 'due', 'later', 'held']) {
      ids.push((await createDataset(pool, { code, owner: 'owner' })).id);
    }
    const jobs = (dataset: number | undefined, count: number, start: string): Promise<unknown> =>
      pool.query(
        `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
         SELECT $1, 'reset', now() + $3::interval, now() + $3::interval, id
         FROM generate_series(1, $2), kasabi.api_key`,
        [dataset, count, start],
      );
    await jobs(ids[0], 3, '0');
    await jobs(ids[1], 5, '0');
    await jobs(ids[2], 5, '1 hour');
    await jobs(ids[3], 5, '0');
    await pool.query(
      `UPDATE kasabi.job SET ${become.running}
       WHERE id = (SELECT id FROM kasabi.job WHERE dataset_id = $1 LIMIT 1)`,
      [ids[0]],
    );
    await pool.query('INSERT INTO kasabi.pause (dataset_id, paused_by) VALUES ($1, $2)', [
      ids[3],
      'test',
    ]);
    const count = async (): Promise<number> => {
      const { rows } = await database.pool('worker').query(metadata.query);
      return Number(Object.values(rows[0] ?? {})[0]);
    };
    assert.equal(await count(), 2);
    await pool.query("INSERT INTO kasabi.pause (paused_by) VALUES ('test')");
    assert.equal(await count(), 1);
  } finally {
    await database.close();
  }
});
