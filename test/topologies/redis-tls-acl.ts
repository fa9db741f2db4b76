import path from 'node:path';
import { aclRules, type RedisUser } from '@kasabi/queue';
import { makeCertificates } from '@kasabi/test/support/certificates';
import { redisDatabases } from '@kasabi/test/support/redis';
import { startRedisServer } from '@kasabi/test/support/redis-server';
import { type Topology, TopologyUnavailable } from './topology.ts';

const [password, ofServices] = ['of-the-administrator', 'of-a-service'];
const services = Object.keys(aclRules) as RedisUser[];

/** Redis with TLS, certificates of clients, and a user for each service who may do what it needs. */
export const redisTlsAcl: Topology = {
  name: 'redis-tls-acl',
  what: 'Redis with TLS and client certificates, and users with the rights that the documents give',
  async start({ folder }) {
    const { files, texts } = await makeCertificates(path.join(folder, 'certificates')).catch(
      (error: unknown) => {
        throw new TopologyUnavailable(`certificates cannot be made: ${error}`);
      },
    );
    const server = await startRedisServer({
      folder: path.join(folder, 'tls'),
      password,
      tls: texts,
      configuration: [
        `databases ${redisDatabases}`,
        `tls-ca-cert-file ${files.ca}`,
        `tls-cert-file ${files.cert}`,
        `tls-key-file ${files.key}`,
        ...services.map((it) => `user kasabi-${it} on >${ofServices} ${aclRules[it]}`),
      ],
    });
    const settings = Object.fromEntries(
      services.map((it) => [
        it,
        {
          REDIS_URL: `rediss://kasabi-${it}:${ofServices}@127.0.0.1:${server.port}/{redis}`,
          REDIS_CA_FILE: files.ca,
          REDIS_CERT_FILE: files.cert,
          REDIS_KEY_FILE: files.key,
        },
      ]),
    );
    return {
      redisUrl: `rediss://:${password}@127.0.0.1:${server.port}`,
      redisTls: texts,
      settings,
      stop: server.kill,
    };
  },
};
