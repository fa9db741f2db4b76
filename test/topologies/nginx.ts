import { findNginx, NginxMissing } from '@kasabi/test/support/nginx-binary';
import { type Topology, TopologyUnavailable } from './topology.ts';

/** Four workers, and two of each of api and status, and the console, behind nginx with the configuration that is shipped. */
export const nginx: Topology = {
  name: 'nginx',
  what: 'four workers; two api, two status and one console behind nginx with infra/nginx',
  async start({ log }) {
    try {
      const { file } = await findNginx();
      log(`nginx is ${file}`);
    } catch (error) {
      if (error instanceof NginxMissing) throw new TopologyUnavailable(error.message);
      throw error;
    }
    return { behindNginx: true, workers: 4, stop: async () => {} };
  },
};
