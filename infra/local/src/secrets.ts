import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SecretsDamaged } from './errors.ts';
import { readJson, writePrivateJson } from './private-file.ts';

const schema = z.object({
  /** Of the superuser `postgres`. */
  postgresPassword: z.string().min(1),
  redisPassword: z.string().min(1),
  /** The demo owner's, when the settings give none. */
  demoKey: z.string().min(1),
  /** Of the operations page, when the settings give none. */
  operatorPassword: z.string().min(1).default(randomPassword),
  /** What the services know each other by, when the settings give none. */
  serviceSecret: z.string().min(1).default(randomPassword),
});

/** What the local stack makes up once and keeps in the data folder, in a file of mode 0600. */
export type Secrets = z.output<typeof schema>;

/** A password of 192 random bits that needs no quoting anywhere. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Reads the folder's secrets, or makes them on its first use.
 *
 * @throws SecretsDamaged when the file is there and broken: made anew, they would not fit the data.
 */
export function keepSecrets(folder: string): Secrets {
  const file = path.join(folder, 'secrets.json');
  if (existsSync(file)) {
    const found = readJson(file);
    const kept = schema.safeParse(found);
    if (kept.success) {
      // The folder may be older than a secret that was added since.
      if (!isDeepStrictEqual(found, kept.data)) writePrivateJson(file, kept.data);
      return kept.data;
    }
    throw new SecretsDamaged(
      `${file} is damaged, and without it the data beside it cannot be opened. ` +
        `Restore it, or remove the whole folder ${folder} to start anew.`,
    );
  }
  const made: Secrets = {
    postgresPassword: randomPassword(),
    redisPassword: randomPassword(),
    demoKey: `kasabi_${randomBytes(32).toString('base64url')}`,
    operatorPassword: randomPassword(),
    serviceSecret: randomPassword(),
  };
  writePrivateJson(file, made);
  return made;
}
