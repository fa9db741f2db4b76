// A Postgres that answers and does not do its work: requests get 503, everybody names the state, and all is well
// again when it is over, without a restart of anything.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ServiceName } from '@kasabi/local';
import { scrape } from '@kasabi/test/support/metrics';
import { waitFor } from '@kasabi/test/support/wait-for';
import { type SickWorld, startSickWorld } from './support/sick-world.ts';

let world: SickWorld;

before(async () => {
  world = await startSickWorld();
});
after(() => world?.stop());

/** Sessions of the services end; those that follow begin with what is set now. */
const endSessions = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name LIKE 'kasabi-%' AND pid <> pg_backend_pid()`;

interface Sickness {
  readonly what: string;
  readonly begin: readonly string[];
  readonly end: readonly string[];
  /** What `readyz` and `doctor` say. */
  readonly said: RegExp;
  /** Services that are not ready; the api and the worker unless set. */
  readonly notReady?: readonly ServiceName[];
  /** Whether doctor, with a login of its own, meets it, too. */
  readonly doctor?: boolean;
}

const writers = ['api', 'worker'] as const;

const sicknesses: readonly Sickness[] = [
  {
    what: 'made read-only for all sessions, those that are there as well',
    begin: ['ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()'],
    end: ['ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()'],
    said: /is read-only/,
    doctor: true,
  },
  {
    what: 'a database made read-only for the sessions that begin then, which keep it for as long as they last',
    begin: ['ALTER DATABASE postgres SET default_transaction_read_only = on', endSessions],
    end: ['ALTER DATABASE postgres RESET default_transaction_read_only'],
    said: /is read-only/,
    doctor: true,
  },
  {
    what: 'a role that may not log in',
    begin: ['ALTER ROLE kasabi_api NOLOGIN', endSessions],
    end: ['ALTER ROLE kasabi_api LOGIN'],
    said: /refuses the login/,
    notReady: ['api'],
  },
  {
    what: 'a role that may not connect to the database',
    begin: ['REVOKE CONNECT ON DATABASE postgres FROM PUBLIC', endSessions],
    end: ['GRANT CONNECT ON DATABASE postgres TO PUBLIC'],
    said: /refuses the login/,
    notReady: ['api', 'worker', 'status', 'operations'],
  },
  {
    what: 'no connection left',
    begin: ['ALTER ROLE kasabi_api CONNECTION LIMIT 0', endSessions],
    end: ['ALTER ROLE kasabi_api CONNECTION LIMIT -1'],
    said: /has no connection left/,
    notReady: ['api'],
  },
  {
    what: 'a database of another name',
    begin: [
      'ALTER DATABASE postgres ALLOW_CONNECTIONS false',
      endSessions,
      'ALTER DATABASE postgres RENAME TO elsewhere',
    ],
    end: [
      'ALTER DATABASE elsewhere RENAME TO postgres',
      'ALTER DATABASE postgres ALLOW_CONNECTIONS true',
    ],
    said: /has no database with the name/,
    notReady: ['api', 'worker', 'status', 'operations'],
    doctor: true,
  },
  {
    what: 'a privilege that is missing',
    begin: ['REVOKE USAGE ON SCHEMA kasabi FROM kasabi_api'],
    end: ['GRANT USAGE ON SCHEMA kasabi TO kasabi_api'],
    said: /does not let the role of a service/,
    notReady: ['api'],
  },
];

for (const { what, begin, end, said, notReady = writers, doctor } of sicknesses) {
  test(`${what}: 503, named, and healed by itself`, async () => {
    const { status, text } = await world.submit();
    assert.equal(status, 202, text);
    await world.admin(...begin);
    try {
      await world.untilRefused();
      for (const service of notReady) await world.untilReady(service, 503, said);
      if (doctor === true) await world.untilDoctorSays('postgres-sick', said);
    } finally {
      await world.admin(...end);
    }
    await world.untilWell();
  });
}

test('the alerts, the page and the metrics have the state of a read-only Postgres', async () => {
  const { api, operations } = world.stack;
  await world.admin(
    'ALTER SYSTEM SET default_transaction_read_only = on',
    'SELECT pg_reload_conf()',
  );
  const labels = { dependency: 'postgres', state: 'read-only' };
  await waitFor(
    async () => {
      const ofOperations = await scrape(operations.url);
      return (
        (await scrape(api.url)).value('kasabi_dependency_sick', labels) === 1 &&
        ofOperations.value('kasabi_findings', { code: 'postgres-sick' }) === 1 &&
        ofOperations.value('kasabi_findings', { code: 'no-worker' }) === 0
      );
    },
    { what: 'them to say so', timeoutMs: 40_000, everyMs: 200 },
  );
  await world.admin('ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()');
  await world.untilWell();
  // A text of metrics is handed on for a second.
  await waitFor(async () => !/kasabi_dependency_sick\{/.test((await scrape(api.url)).text), {
    what: 'the metric to be gone',
  });
});

test('a schema that is older than the services, or has lost what they use: none is ready, requests under way end well', async () => {
  const services = ['api', 'worker', 'status', 'operations'] as const;
  // What a later version has added is in nobody's way.
  await world.admin(`INSERT INTO kasabi.migration (name, run_on) VALUES ('9998_tomorrow', now())`);
  for (const service of services) await world.untilReady(service, 200, /^ready$/m);
  await world.admin(
    `INSERT INTO kasabi.migration (name, run_on) VALUES ('9999_contract-tomorrow', now())`,
  );
  for (const service of services) {
    await world.untilReady(service, 503, /it has 9999_contract-tomorrow/);
  }
  assert.equal((await world.submit()).status, 202);
  await world.admin(`UPDATE kasabi.migration SET name = '0005_other' WHERE name = '0005_trace'`);
  for (const service of services) await world.untilReady(service, 503, /it lacks 0005_trace/);
  await world.admin(
    `UPDATE kasabi.migration SET name = '0005_trace' WHERE name = '0005_other'`,
    `DELETE FROM kasabi.migration WHERE name LIKE '%tomorrow'`,
  );
  await world.untilWell();
});

/** Mounts a disk of 6 MiB that Postgres may write to; undefined where that is not allowed. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('chown', [`--reference=${world.stack.postgres.folder}`, folder]);
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

test('a disk that is full: 503, named, and healed by itself', async (t) => {
  const disk = mountSmallDisk();
  if (disk === undefined) {
    t.skip('only root can mount a small disk');
    return;
  }
  try {
    await world.admin(
      `CREATE TABLESPACE small LOCATION '${disk}'`,
      'ALTER TABLE kasabi.job SET TABLESPACE small',
    );
    // As much of it as there is room for.
    const filler = path.join(disk, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(8 * 1_024 * 1_024)), { code: 'ENOSPC' });
    await world.untilRefused();
    await world.untilReady('api', 503, /has no room left on its disk/);
    rmSync(filler);
    await world.untilWell();
    await world.admin('ALTER TABLE kasabi.job SET TABLESPACE pg_default', 'DROP TABLESPACE small');
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
});
