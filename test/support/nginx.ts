import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot, startProcess } from '@kasabi/local';
import { findNginx, nginxEnvironment } from './nginx-binary.ts';
import { waitFor } from './wait-for.ts';

/** What stands behind the shipped configuration. */
export type Site = 'api' | 'status' | 'operations';

export interface NginxOptions {
  /** The port of each site on loopback, and those of the processes behind it. */
  readonly sites: Readonly<
    Record<Site, { readonly port: number; readonly behind: readonly number[] }>
  >;
  /** Files with a certificate and its key: every site is served by TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export interface Nginx {
  /** What it has logged: a line of JSON for each request. */
  readonly log: () => string;
  stop(): Promise<void>;
}

const shipped = path.join(projectRoot, 'infra', 'nginx');
const shippedPorts: Readonly<Record<Site, number>> = { api: 8080, status: 8081, operations: 8083 };

/** Starts nginx with the shipped configuration; only ports, addresses and certificates are this machine's. */
export async function startNginx({ sites, tls }: NginxOptions): Promise<Nginx> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-nginx-'));
  // Its worker processes may run as another user.
  chmodSync(folder, 0o711);
  for (const file of ['nginx.conf', 'proxy.conf']) {
    copyFileSync(path.join(shipped, file), path.join(folder, file));
  }
  let upstreams = readFileSync(path.join(shipped, 'upstreams.conf'), 'utf8');
  let listens = readFileSync(path.join(shipped, 'sites.conf'), 'utf8');
  for (const [site, { port, behind }] of Object.entries(sites) as [Site, (typeof sites)[Site]][]) {
    const servers = behind.map((to) => `server 127.0.0.1:${to}`);
    upstreams = replaceOnce(upstreams, `server ${site}:${shippedPorts[site]}`, servers[0] ?? '');
    const second = `  server ${site}-2:${shippedPorts[site]} max_fails=0;\n`;
    if (site !== 'operations') {
      upstreams = replaceOnce(
        upstreams,
        second,
        servers[1] ? `  ${servers[1]} max_fails=0;\n` : '',
      );
    }
    const [plain, secure] = [`listen ${shippedPorts[site]};`, `# listen ${shippedPorts[site]} ssl`];
    listens = replaceOnce(listens, plain, tls ? '' : `listen 127.0.0.1:${port};`);
    if (tls) listens = replaceOnce(listens, secure, `listen 127.0.0.1:${port} ssl`);
  }
  if (tls) {
    listens = listens
      .replaceAll('# ssl_certificate /etc/nginx/tls/tls.crt', `ssl_certificate ${tls.certificate}`)
      .replaceAll('# ssl_certificate_key /etc/nginx/tls/tls.key', `ssl_certificate_key ${tls.key}`);
  }
  writeFileSync(path.join(folder, 'upstreams.conf'), upstreams);
  writeFileSync(path.join(folder, 'sites.conf'), listens);
  const binary = await findNginx();
  const logFile = path.join(folder, 'log');
  const child = await startProcess({
    name: 'nginx',
    command: binary.file,
    args: ['-p', `${folder}/`, '-c', path.join(folder, 'nginx.conf')],
    env: nginxEnvironment(binary),
    logFile,
  });
  const log = (): string => readFileSync(logFile, 'utf8');
  const stop = async (): Promise<void> => {
    await child.stop([
      ['SIGTERM', 5_000],
      ['SIGKILL', 5_000],
    ]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(async () => child.exit !== undefined || (await accepts(sites.api.port)), {
      what: 'nginx to listen',
      timeoutMs: 30_000,
    });
    if (child.exit !== undefined) throw new Error(`nginx has ended. Its output:\n${log()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { log, stop };
}

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`infra/nginx does not have once: ${from}`);
  return text.replace(from, to);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
