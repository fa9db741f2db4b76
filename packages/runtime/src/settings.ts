import type { z } from 'zod';
import { StartupError } from './startup-error.ts';
import { suggest } from './suggest.ts';

/** The environment a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that are wrong or unknown; the message names each and says what to do. */
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
  /** A variable that begins like this is meant for us, so an unknown one is an error. */
  readonly prefixes?: readonly string[];
}

// Kubernetes puts such variables into every container for each service of the namespace, so that
// API_SERVICE_HOST is nobody's typo. API_PORT may come that way as well, as tcp://10.0.0.1:80.
const serviceLink = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$/;
const serviceLinkValue = /^(tcp|udp):\/\//;

/**
 * Reads and checks the settings of a process from its environment, all at once. Empty means unset. A
 * variable that is none of the settings but nearly spelt like one, or begins like one, is an error: it
 * was meant, and would be ignored in silence.
 *
 * @throws SettingsInvalid
 */
export function parseSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
  options: SettingsOptions,
): z.infer<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const given = Object.fromEntries(names.map((name) => [name, set[name]]));
  const problems: string[] = [];
  for (const name of Object.keys(set)) {
    if (names.includes(name) || serviceLink.test(name)) continue;
    const meant = suggest(name, names);
    if (meant !== undefined && set[meant] === undefined) {
      problems.push(`${name} is not a setting of ${options.of}; did you mean ${meant}?`);
    } else if (options.prefixes?.some((prefix) => name.startsWith(prefix))) {
      problems.push(
        `${name} is not a setting of ${options.of}; its settings are ${names.join(', ')}.`,
      );
    }
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0] ?? 'the settings together');
      const missing = given[name] === undefined && issue.code !== 'custom';
      const hint = serviceLinkValue.test(given[name] ?? '')
        ? ' (Kubernetes sets it for a service of that name: enableServiceLinks: false turns that off)'
        : '';
      problems.push(`${name} ${missing ? 'is not set; it ' : ''}${issue.message}${hint}.`);
    }
  }
  if (problems.length > 0) throw new SettingsInvalid(problems);
  return parsed.data as z.infer<z.ZodObject<Shape>>;
}
