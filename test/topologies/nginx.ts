import { findNginx, NginxMissing } from '@kasabi/test/support/nginx-binary';
import { type Topology, TopologyUnavailable } from './topology.ts';

/** Two of each of api and status, and the console, behind nginx with the configuration that is shipped. */
export const nginx: Topology = {
  name: 'nginx',
  what: 'two api, two status and one console behind nginx with infra/nginx',
  async start({ log }) {
    try {
      const { file } = await findNginx();
      log(`nginx is ${file}`);
    } catch (error) {
      if (error instanceof NginxMissing) throw new TopologyUnavailable(error.message);
      throw error;
    }
    return { behindNginx: true, stop: async () => {} };
  },
};
