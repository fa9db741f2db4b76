import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Marks a setting as a secret, which may also be given as a file: NAME_FILE instead of NAME. */
export const asSecret = <Type extends z.ZodType>(type: Type): Type => type.meta({ secret: true });

/** Whether a setting is marked as a secret, itself or below `optional` and `default`. */
export function isSecret(type: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(type)?.['secret'] === true) return true;
  const { def } = type._zod;
  return 'innerType' in def && isSecret(def.innerType as z.core.$ZodType);
}

/** The variable that names the file of a secret. */
export const fileSetting = (name: string): string => `${name}_FILE`;

/**
 * Reads the secrets among these settings that are given as files. The end of the file's last line is no part of a
 * secret, because editors add it.
 *
 * @param set the variables that are set; what a file holds is added.
 * @returns what is wrong, by the setting, without the values: somebody may put a secret where its file belongs.
 */
export function readSecretFiles(
  shape: z.core.$ZodShape,
  set: Record<string, string>,
): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const [name, type] of Object.entries(shape)) {
    const variable = fileSetting(name);
    const file = set[variable];
    if (file === undefined || !isSecret(type)) continue;
    if (set[name] !== undefined) {
      problems.set(name, `${name} and ${variable} are both set; set one of them.`);
      continue;
    }
    try {
      const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (text === '') problems.set(name, `${variable} names an empty file.`);
      else set[name] = text;
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      problems.set(name, `${variable} must name a file that this process can read (${reason}).`);
    }
  }
  return problems;
}
