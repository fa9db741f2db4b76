import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, startProcess, waitUntil } from '@kasabi/local';
import { findNginx, nginxEnvironment } from '../../support/nginx-binary.ts';

/** nginx, as it serves files best. */
export interface FileServer {
  readonly urlOf: (file: string) => string;
  stop(): Promise<void>;
}

/** Serves the files of a folder. */
export async function startFileServer(folder: string): Promise<FileServer> {
  const port = await freePort();
  const own = path.join(folder, 'nginx');
  mkdirSync(own);
  const configuration = path.join(own, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${own}/${kind};`)
    .join(' ');
  writeFileSync(
    configuration,
    `daemon off; user root; worker_processes 1; pid ${own}/pid; error_log stderr;
     events {}
     http { ${temporary} access_log off; sendfile on; tcp_nopush on;
       server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  const binary = await findNginx();
  const child = await startProcess({
    name: 'nginx',
    command: binary.file,
    args: ['-p', `${own}/`, '-c', configuration],
    env: nginxEnvironment(binary),
    logFile: path.join(own, 'log'),
  });
  const urlOf = (file: string): string => `http://127.0.0.1:${port}/${file}`;
  await waitUntil(
    () =>
      fetch(urlOf('nothing')).then(
        () => true,
        () => false,
      ),
    { timeoutMs: 10_000, everyMs: 20 },
  );
  return {
    urlOf,
    async stop() {
      await child.stop([
        ['SIGTERM', 5_000],
        ['SIGKILL', 5_000],
      ]);
    },
  };
}
