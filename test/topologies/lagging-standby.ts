import path from 'node:path';
import { roleUrl } from '@kasabi/postgres';
import { startStandby } from '@kasabi/test/support/standby';
import type { Topology } from './topology.ts';

const inDatabase = (url: string): string => url.replace(/\/postgres$/, '/{database}');

/** The status service on a standby that is always behind. */
export const laggingStandby: Topology = {
  name: 'lagging-standby',
  what: 'the status service on a standby that is 2 s behind',
  async start({ servers, folder }) {
    const standby = await startStandby(
      { url: servers.databaseUrl, folder: path.join(servers.folder, 'postgres') },
      { folder: path.join(folder, 'standby'), settings: { recovery_min_apply_delay: '2s' } },
    );
    const status = {
      DATABASE_URL: roleUrl(inDatabase(standby.url), 'status'),
      DATABASE_PRIMARY_URL: roleUrl(inDatabase(servers.databaseUrl), 'status'),
    };
    return { settings: { status }, stop: standby.stop };
  },
};
