import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '@kasabi/local';
import { environment } from '@kasabi/test/support/env';
import { startFauxqs } from 'fauxqs';
import S3rver from 's3rver';

/** A store of its own for a test, and what ends it. */
export interface TestPlace {
  readonly url: string;
  close(): Promise<void>;
}

const bucket = 'exports';

/** The AWS SDK's settings for a server of the tests. */
function useServer(port: number, key: string): void {
  Object.assign(environment(), {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: key,
    AWS_SECRET_ACCESS_KEY: key,
  });
}

/** The places where files may be: a folder, and two S3-compatible servers. Only one of these at a time. */
export const places: Readonly<Record<string, () => Promise<TestPlace>>> = {
  async folder() {
    const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-store-'));
    return {
      url: pathToFileURL(path.join(folder, 'exports')).href,
      close: async () => rmSync(folder, { recursive: true }),
    };
  },
  // It checks when signed addresses expire.
  async s3rver() {
    const directory = mkdtempSync(path.join(tmpdir(), 'kasabi-s3rver-'));
    const port = await freePort();
    const server = new S3rver({
      ...{ port, address: '127.0.0.1', silent: true, directory },
      configureBuckets: [{ name: bucket, configs: [] }],
    });
    await server.run();
    useServer(port, 'S3RVER');
    return {
      url: `s3://${bucket}/a/folder?path-style=true`,
      close: async () => {
        await server.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
  // It lists and aborts uploads.
  async fauxqs() {
    const server = await startFauxqs({ port: 0, logger: false });
    server.createBucket(bucket);
    useServer(server.port, 'any');
    return { url: `s3://${bucket}?path-style=true`, close: () => server.stop() };
  },
};
