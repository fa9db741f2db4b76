// An upgrade as docs/deployment.md has it: the services of the version before on this version's schema, alone and beside
// this version's, on real servers, each service with its role's own login.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { projectRoot, type ServiceName } from '@kasabi/local';
import { migrate } from '@kasabi/postgres';
import type { TestService } from '@kasabi/test/support';
import { ask, form, inMs, jobAt, untilEnded } from '@kasabi/test/support/client';
import { signIn } from '@kasabi/test/support/operator';
import { waitFor } from '@kasabi/test/support/wait-for';
import {
  operatorPassword,
  startTwoVersions,
  type TwoVersions,
  type Version,
} from './support/two-versions.ts';
import { readMigrations, whyMissing } from './support/version-before.ts';

type Packages = {
  accounts: typeof import('@kasabi/accounts');
  datasets: typeof import('@kasabi/datasets');
  postgres: typeof import('@kasabi/postgres');
};

const codes = ['nasa', 'esa', 'jaxa', 'isro'] as const;
type Code = (typeof codes)[number];

const newMigrations = readMigrations(projectRoot);
/** What a migration does, without its comments: those may be written better. */
const statementsOf = (text: string | undefined): string | undefined =>
  text?.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ');

const missing = await whyMissing();

// A suite that is skipped counts for nothing; a test that is skipped is in the run's last lines.
it('this clone has the version before', { skip: missing }, () => {
  assert.equal(missing, undefined);
});

describe('the services of the version before', { skip: missing }, () => {
  let world: TwoVersions;
  let headers: Record<string, string>;
  let key: string;
  /** Tables of the datasets' quads. */
  const tables = new Map<Code, string>();
  const running = new Map<string, TestService>();
  /** All jobs that were to complete. */
  const jobs: string[] = [];
  let migrated = false;

  async function start(version: Version, name: ServiceName): Promise<void> {
    // The old ones are not ready on a schema that has more migrations than they know.
    const anyway = version === 'old' && migrated ? 'anyway' : undefined;
    running.set(`${version} ${name}`, await world.start(version, name, anyway));
  }

  before(async () => {
    world = await startTwoVersions();
    const load = <Name extends keyof Packages>(name: Name): Promise<Packages[Name]> =>
      world.old.load(name);
    const [accounts, datasets, postgres] = await Promise.all([
      load('accounts'),
      load('datasets'),
      load('postgres'),
    ]);
    const { databaseUrl, passwords, pool } = world;
    await postgres.migrate({ databaseUrl, passwords });
    await accounts.createOwner(pool, 'owner');
    key = (await accounts.issueKey(pool, 'owner')).secret;
    headers = { X_KASABI_APIKEY: key };
    for (const code of codes) {
      const { id } = await datasets.createDataset(pool, { code, owner: 'owner' });
      tables.set(code, datasets.quadsTable(id));
    }
    await Promise.all((['api', 'worker', 'status'] as const).map((name) => start('old', name)));
  });
  after(() => world?.stop());

  async function write(code: Code): Promise<void> {
    await world.pool.query(
      `INSERT INTO ${tables.get(code)} SELECT 's' || n, 'p', 'o' FROM generate_series(1, 1000) n`,
    );
  }

  async function countQuads(code: Code): Promise<number> {
    const { rows } = await world.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${tables.get(code)}`,
    );
    return rows[0]?.count ?? Number.NaN;
  }

  /** Asks the api of a version for a job; resolves to its address on the same version's status service. */
  async function submit(version: Version, code: Code, startsInMs = 0): Promise<string> {
    const body = new URLSearchParams({ jobType: 'reset', startTime: inMs(startsInMs) });
    const { status, text } = await ask(`${world.urlOf(version, 'api')}/dataset/${code}/jobs`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': form },
      body: body.toString(),
    });
    assert.equal(status, 202, text);
    assert.ok(text.startsWith(world.urlOf(version, 'status')), text);
    return text.trim();
  }

  async function untilCompleted(url: string): Promise<void> {
    const ended = await untilEnded(url, key, 30_000);
    assert.equal(ended.status, 'completed', JSON.stringify(ended));
    jobs.push(url);
  }

  /** Asks for a job of each dataset at each of these apis, and waits for them all. */
  async function runJobs(...apis: Version[]): Promise<void> {
    const asked = apis.flatMap((version) => codes.map((code) => submit(version, code)));
    await Promise.all((await Promise.all(asked)).map(untilCompleted));
  }

  const idOf = (url: string): string => url.split('/').at(-1) ?? '';

  it('begin with migrations that are still what they were', () => {
    assert.ok(world.old.migrations.size >= 13);
    for (const [name, text] of world.old.migrations) {
      assert.equal(statementsOf(newMigrations.get(name)), statementsOf(text), name);
    }
  });

  it('live through the migration, with what they had accepted', async () => {
    await write('nasa');
    const [waiting, kept] = [
      await submit('old', 'nasa', 3_000),
      await submit('old', 'esa', 600_000),
    ];
    const { databaseUrl, passwords } = world;
    const ran = await migrate({ databaseUrl, passwords });
    migrated = true;
    assert.deepEqual(
      ran.map((name) => `${name}.sql`),
      [...newMigrations.keys()].filter((name) => !world.old.migrations.has(name)),
    );
    await untilCompleted(waiting);
    assert.equal(await countQuads('nasa'), 0);
    assert.equal((await jobAt(kept, key)).status, 'scheduled');
    // They say what they do not know, so that a load balancer turns to the new version; they are well.
    const unready = ran.length > 0;
    for (const { name, url } of running.values()) {
      assert.equal((await ask(`${url}/healthz`)).status, 200, name);
      await waitFor(
        async () => {
          const { status, text } = await ask(`${url}/readyz`);
          if (!unready) return status === 200;
          return (
            status === 503 &&
            text.trim().split('\n').length === 1 &&
            text.includes(`it has ${ran.join(', ')}`)
          );
        },
        { what: `readyz of the old ${name}` },
      );
    }
  });

  it('start on the new schema, and serve owners', async () => {
    for (const service of running.values()) await service.kill();
    await Promise.all((['api', 'worker', 'status'] as const).map((name) => start('old', name)));
    await write('esa');
    const done = await submit('old', 'esa');
    await untilCompleted(done);
    assert.equal(await countQuads('esa'), 0);
    const later = await submit('old', 'esa', 600_000);
    const cancelled = await ask(
      `${world.urlOf('old', 'api')}${new URL(later).pathname.replace('/data/', '/dataset/')}`,
      { method: 'DELETE', headers },
    );
    assert.ok(cancelled.status < 300, cancelled.text);
    const list = await ask(`${world.urlOf('old', 'status')}/data/esa/jobs`, { headers });
    const states = (JSON.parse(list.text) as { jobs: { id: string; status: string }[] }).jobs;
    assert.equal(states.length, 3, list.text);
    const { text } = await ask(`${world.urlOf('old', 'status')}/dataset/esa/status`);
    assert.equal(JSON.parse(text).storageMode, 'read-write');
  });

  it('serve operators with the rights that they had', async () => {
    const job = await submit('old', 'jaxa', 600_000);
    const operator = await signIn(world.urlOf('old', 'status'), operatorPassword);
    for (const page of [
      '',
      '/jobs',
      '/datasets',
      '/audit',
      '/coming',
      `/jobs/${idOf(job)}`,
      '/datasets/jaxa',
    ]) {
      const { status, text } = await operator.look(page);
      assert.equal(status, 200, `${page}: ${text}`);
    }
    for (const action of ['/pause', '/resume', `/jobs/${idOf(job)}/cancel`]) {
      const { status, text } = await operator.act(action);
      assert.equal(status, 303, `${action}: ${text}`);
    }
    assert.equal((await jobAt(job, key)).reason, 'cancelled');
  });

  it('share the work with this version’s, and each job ends once', async () => {
    await Promise.all((['api', 'status', 'operations'] as const).map((name) => start('new', name)));
    await runJobs('new');
    await running.get('old worker')?.stop();
    await start('new', 'worker');
    await runJobs('old');
    await start('old', 'worker');
    await runJobs('old', 'new');
    for (const code of codes) await write(code);
    const { rows } = await world.pool.query(
      `SELECT id, status, job.attempt, count(*) FILTER (WHERE event = 'claim')::int AS claims,
              count(*) FILTER (WHERE event IN ('complete', 'fail', 'cancel'))::int AS ends
       FROM kasabi.job JOIN kasabi.job_transition ON job_id = id
       WHERE id = ANY ($1) GROUP BY id`,
      [jobs.map(idOf)],
    );
    assert.equal(rows.length, jobs.length);
    for (const { id, ...row } of rows) {
      assert.deepEqual(row, { status: 'completed', attempt: 1, claims: 1, ends: 1 }, id);
    }
  });

  it('hand a job over when they die with it', async () => {
    const writer = await world.pool.connect();
    await running.get('new worker')?.stop();
    try {
      await writer.query(`BEGIN; INSERT INTO ${tables.get('isro')} VALUES ('s', 'p', 'o')`);
      const url = await submit('old', 'isro');
      await waitFor(async () => (await jobAt(url, key)).status === 'running', {
        what: 'the job to run',
      });
      await running.get('old worker')?.kill();
      await start('new', 'worker');
      await writer.query('COMMIT');
      await untilCompleted(url);
      assert.equal((await jobAt(url, key)).attempt, 2);
      // What was written after the other jobs had ended is there.
      for (const code of codes) assert.equal(await countQuads(code), code === 'isro' ? 0 : 1000);
    } finally {
      writer.release();
    }
  });
});
