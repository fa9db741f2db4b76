import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { parse } from 'yaml';

/** A service of docker-compose.yml. */
export interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly [key: string]: unknown;
}

export const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
export const text = read('docker-compose.yml');
export const compose: {
  readonly services: Readonly<Record<string, Container>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
} = parse(text, { merge: true });
export const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

export const container = (name: string): Container => compose.services[name] ?? assert.fail(name);

/** Makes the secrets. */
export const script = path.join(projectRoot, 'infra', 'docker', 'make-secrets.sh');
/** Where the script has made the secrets of this test. */
export const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-secrets-'));
after(() => rmSync(folder, { recursive: true }));
execFileSync('sh', [script], { cwd: folder });
/** The content of a secret's file. */
export const secret = (name: string): string =>
  readFileSync(path.join(folder, 'secrets', name), 'utf8');

/** A container's environment, as Compose makes it of .env, with what the services read from files. */
export function environmentOf(name: string): Record<string, string> {
  const values: Record<string, string | undefined> = example;
  const set = Object.entries(container(name).environment ?? {}).filter(
    ([, value]) => value !== null,
  );
  return Object.fromEntries(
    set.map(([key, value]) => {
      const file = /^\/run\/secrets\/(.+)$/.exec(value ?? '')?.[1];
      if (file !== undefined) return [key.replace(/_FILE$/, ''), secret(file)];
      return [
        key,
        (value ?? '').replaceAll(/\$\{(\w+)[^}]*\}/g, (_, it) => values[it] || `a-${it}`),
      ];
    }),
  );
}
