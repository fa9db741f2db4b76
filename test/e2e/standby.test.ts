// A Postgres whose address leads to a standby for a while, as in the middle of a failover.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startPostgres } from '@kasabi/local';
import { type SickWorld, startSickWorld } from './support/sick-world.ts';

let world: SickWorld;

before(async () => {
  world = await startSickWorld();
});
after(() => world?.stop());

test('a standby where the primary was, until it is promoted', async () => {
  const { postgres } = world.stack;
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-standby-'));
  chmodSync(folder, 0o711);
  const dir = path.join(folder, 'postgres');
  await postgres.stop();
  cpSync(postgres.folder, dir, { recursive: true, preserveTimestamps: true });
  execFileSync('chown', ['-R', `--reference=${postgres.folder}`, dir]);
  chmodSync(dir, 0o700);
  writeFileSync(path.join(dir, 'standby.signal'), '');
  await postgres.start();
  const standby = await startPostgres({
    dir,
    ephemeral: true,
    password: new URL(postgres.url).password,
  });
  try {
    await world.untilWell();
    // New connections lead to the standby; the old ones to what was the primary, until they break.
    world.postgres.leadTo(standby.url);
    await postgres.stop();
    await world.untilRefused();
    for (const service of ['api', 'worker'] as const) {
      await world.untilReady(service, 503, /is in recovery/);
    }
    await world.untilReady('status', 200, /^ready\n$/);
    await world.untilDoctorSays('postgres-sick', /is in recovery/);
    const url = new URL(standby.url);
    await world.adminOf(url.href, 'SELECT pg_promote()');
    await world.untilWell();
  } finally {
    await postgres.start();
    world.postgres.leadTo(postgres.url);
    await standby.stop();
    for (const service of ['api', 'worker'] as const) {
      await world.untilReady(service, 200, /^ready\n$/);
    }
    rmSync(folder, { recursive: true });
  }
});
