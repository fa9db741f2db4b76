import type { z } from 'zod';
import { fileSetting, isSecret, readSecretFiles } from './secret-files.ts';
import { StartupError } from './startup-error.ts';
import { suggest } from './suggest.ts';

/** The environment a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings are invalid or unknown. The message names each and says what to do. */
export class SettingsInvalid extends StartupError {
  readonly code = 'settings-invalid';
  constructor(problems: readonly string[]) {
    super(
      `The settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
}

export interface SettingsOptions {
  /** What the settings are for, in messages: `the api service`. */
  readonly of: string;
  /** A variable with such a prefix is meant for this process, so an unknown one is an error. */
  readonly prefixes?: readonly string[];
}

// Kubernetes sets such variables in every container for each service of the namespace, so API_SERVICE_HOST is not a
// typing error. API_PORT may be set that way as well, as tcp://10.0.0.1:80.
const serviceLink = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$/;
const serviceLinkValue = /^(tcp|udp):\/\//;

/**
 * Reads and checks all settings of a process from its environment. Empty means unset. A secret may be given as a file:
 * NAME_FILE instead of NAME. A variable that is not a setting but is spelled nearly like one, or has one of the prefixes, is an error: somebody meant to set it, and it would be
 * ignored silently.
 *
 * @throws SettingsInvalid
 */
export function parseSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
  options: SettingsOptions,
): z.infer<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const files = names.filter((name) => isSecret(schema.shape[name] as z.core.$ZodType));
  const known = [...names, ...files.map(fileSetting)];
  const set = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  const problems: string[] = [];
  for (const name of Object.keys(set)) {
    if (known.includes(name) || serviceLink.test(name)) continue;
    const meant = suggest(name, known);
    if (meant !== undefined && set[meant] === undefined) {
      problems.push(`${name} is not a setting of ${options.of}; did you mean ${meant}?`);
    } else if (options.prefixes?.some((prefix) => name.startsWith(prefix))) {
      problems.push(
        `${name} is not a setting of ${options.of}; its settings are ${names.join(', ')}.`,
      );
    }
  }
  const unread = readSecretFiles(schema.shape, set);
  problems.push(...unread.values());
  const given = Object.fromEntries(names.map((name) => [name, set[name]]));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0] ?? 'the settings together');
      if (unread.has(name)) continue;
      const missing = given[name] === undefined && issue.code !== 'custom';
      const hint = serviceLinkValue.test(given[name] ?? '')
        ? ' (Kubernetes sets it for a service of that name; enableServiceLinks: false turns that off)'
        : '';
      problems.push(`${name} ${missing ? 'is not set; it ' : ''}${issue.message}${hint}.`);
    }
  }
  if (problems.length > 0) throw new SettingsInvalid(problems);
  return parsed.data as z.infer<z.ZodObject<Shape>>;
}
