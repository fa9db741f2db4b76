import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '@kasabi/local';

/** PEM files of a private CA, and of one certificate that it signed, for servers on 127.0.0.1 and their clients. */
export interface Certificates {
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly texts: { readonly ca: string; readonly cert: string; readonly key: string };
}

/**
 * Makes them in a folder, with `openssl`.
 *
 * @throws CommandFailed where there is none.
 */
export async function makeCertificates(folder: string): Promise<Certificates> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]) => runCommand('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=test-ca'],
    ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
  );
  await openssl(
    ...['req', ...newKey, '-subj', '/CN=redis'],
    ...['-keyout', file('redis.key'), '-out', file('redis.csr')],
  );
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1');
  await openssl(
    ...['x509', '-req', '-in', file('redis.csr'), '-days', '2', '-extfile', file('names')],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
    ...['-out', file('redis.pem')],
  );
  const files = { ca: file('ca.pem'), cert: file('redis.pem'), key: file('redis.key') };
  const read = (name: string): string => readFileSync(name, 'utf8');
  return { files, texts: { ca: read(files.ca), cert: read(files.cert), key: read(files.key) } };
}
