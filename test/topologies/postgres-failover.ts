import path from 'node:path';
import { roleUrl, serviceRoles } from '@kasabi/postgres';
import { signalServer, startStandby } from '@kasabi/test/support/standby';
import type { Topology } from './topology.ts';

/** Two hosts: the first was the primary and is frozen, the second was its standby and is promoted. */
export const postgresFailover: Topology = {
  name: 'postgres-failover',
  what: 'two hosts of Postgres, after a failover by promotion; the old primary is frozen',
  async start({ servers, folder }) {
    const first = { url: servers.databaseUrl, folder: path.join(servers.folder, 'postgres') };
    const standby = await startStandby(first, { folder: path.join(folder, 'standby') });
    await standby.promote();
    signalServer(servers.postgresPid, 'SIGSTOP');
    const hosts = [first.url, standby.url].map((it) => new URL(it).host);
    const { username, password } = new URL(first.url);
    const url = `postgresql://${username}:${password}@${hosts}/{database}?target_session_attrs=read-write`;
    return {
      databaseUrl: standby.url,
      settings: Object.fromEntries(
        serviceRoles.map((role) => [role, { DATABASE_URL: roleUrl(url, role) }]),
      ),
      async stop() {
        signalServer(servers.postgresPid, 'SIGCONT');
        await standby.stop();
      },
    };
  },
};
