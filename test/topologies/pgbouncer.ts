import { serviceRoles } from '@kasabi/postgres';
import { PgBouncerMissing, startPgBouncer } from '@kasabi/test/support/pgbouncer';
import pg from 'pg';
import { type Topology, TopologyUnavailable } from './topology.ts';

const password = 'of-each-role-in-the-tests';

/** All services behind a pooler, which shares fewer connections than they have. */
export const pgbouncer: Topology = {
  name: 'pgbouncer',
  what: 'all services behind PgBouncer in transaction mode',
  async start({ servers, folder, log }) {
    const admin = new pg.Client({ connectionString: servers.databaseUrl });
    await admin.connect();
    for (const role of serviceRoles) {
      await admin.query(`ALTER ROLE kasabi_${role} LOGIN PASSWORD '${password}'`);
    }
    await admin.end();
    const users = Object.fromEntries(serviceRoles.map((role) => [`kasabi_${role}`, password]));
    const { databaseUrl } = servers;
    try {
      const pooler = await startPgBouncer({
        ...{ databaseUrl, folder, users, log },
        settings: { default_pool_size: '5' },
      });
      log(pooler.version);
      const urlOf = (role: string): string =>
        `postgresql://kasabi_${role}:${password}@127.0.0.1:${pooler.port}/{database}?pooler=transaction`;
      const settings = Object.fromEntries(
        serviceRoles.map((role) => [role, { DATABASE_URL: urlOf(role) }]),
      );
      return { settings, stop: pooler.stop };
    } catch (error) {
      if (error instanceof PgBouncerMissing) throw new TopologyUnavailable(error.message);
      throw error;
    }
  },
};
