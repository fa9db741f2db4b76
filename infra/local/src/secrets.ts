import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SecretsDamaged } from './errors.ts';
import { readJson, writePrivateJson } from './private-file.ts';

const schema = z.object({
  /** The password of the superuser `postgres`. */
  postgresPassword: z.string().min(1),
  redisPassword: z.string().min(1),
  /** The demo owner's API key, unless one is set. */
  demoKey: z.string().min(1),
  /** The password of the operations page, unless one is set. */
  operatorPassword: z.string().min(1).default(randomPassword),
  /** Shared by api and status, unless one is set. */
  serviceSecret: z.string().min(1).default(randomPassword),
});

/** Secrets that the local stack generates once and keeps in the data folder, in a file with mode 0600. */
export type Secrets = z.output<typeof schema>;

/** A password of 192 random bits that never needs quoting. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Reads the folder's secrets, or makes them if there are none yet.
 *
 * @throws SecretsDamaged if the file is damaged: new secrets would not fit the data.
 */
export function keepSecrets(folder: string): Secrets {
  const file = path.join(folder, 'secrets.json');
  if (existsSync(file)) {
    const found = readJson(file);
    const kept = schema.safeParse(found);
    if (kept.success) {
      // The folder may come from a version with fewer secrets.
      if (!isDeepStrictEqual(found, kept.data)) writePrivateJson(file, kept.data);
      return kept.data;
    }
    throw new SecretsDamaged(
      `${file} is damaged, and without it the data beside it cannot be opened. ` +
        `Restore it, or remove the whole folder ${folder} to start with empty data.`,
    );
  }
  const made = schema.parse({
    postgresPassword: randomPassword(),
    redisPassword: randomPassword(),
    demoKey: `kasabi_${randomBytes(32).toString('base64url')}`,
  });
  writePrivateJson(file, made);
  return made;
}
