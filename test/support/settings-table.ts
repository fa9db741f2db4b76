// The settings tables of the documentation, made from the schemas of the programs, so that they cannot fall behind:
//   npx node --conditions=kasabi-source test/support/settings-table.ts --write
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { schema as api } from '@kasabi/api/env';
import { localSettings, projectRoot } from '@kasabi/local';
import { schema as operations } from '@kasabi/operations-service/env';
import { fileSetting, isSecret } from '@kasabi/runtime';
import { schema as status } from '@kasabi/status/env';
import { schema as worker } from '@kasabi/worker/env';

/** As much of a zod type as the tables and the tests ask of one setting. */
export type Setting = Parameters<typeof isSecret>[0] & {
  readonly description?: string | undefined;
  safeParse(value: unknown): { success: boolean; data?: unknown };
};

/** The settings of each service, by name, in the order they are declared in. */
export const settings: Readonly<Record<string, Readonly<Record<string, Setting>>>> = {
  api: api.shape,
  worker: worker.shape,
  status: status.shape,
  operations: operations.shape,
};

/** All settings that are documented as tables: those of the services, and those of `npm start`. */
export const documented: typeof settings = { ...settings, local: localSettings.shape };

/** The file that the tables are in, from the project's root. */
export const settingsDocument = 'docs/settings.md';

/** What a setting is when nobody sets it; undefined for one that must be set. */
export function defaultOf(setting: Setting): string | undefined {
  const parsed = setting.safeParse(undefined);
  return parsed.success ? String(parsed.data) : undefined;
}

/** A program's settings as a Markdown table. */
export function renderTable(service: string): string {
  const rows = Object.entries(documented[service] ?? {}).map(([name, setting]) => {
    const fallback = defaultOf(setting);
    const isUnset = setting.safeParse(undefined).data === undefined;
    const shown = fallback === undefined ? '**required**' : isUnset ? 'unset' : `\`${fallback}\``;
    const names = isSecret(setting) ? [name, fileSetting(name)] : [name];
    const called = names.map((it) => `\`${it}\``).join(' or ');
    return `| ${called} | ${shown} | ${(setting.description ?? '').replaceAll('|', '\\|')} |`;
  });
  return ['| setting | default | what it is for |', '|---|---|---|', ...rows].join('\n');
}

/**
 * The document with each table between its markers, `<!-- settings:api -->` and
 * `<!-- /settings:api -->`.
 *
 * @throws Error when the markers of a table are not there exactly once.
 */
export function withTables(document: string): string {
  return Object.keys(documented).reduce((text, service) => {
    const [open, close] = [`<!-- settings:${service} -->`, `<!-- /settings:${service} -->`];
    const [before, after, ...more] = text.split(open);
    const end = after?.indexOf(close) ?? -1;
    if (before === undefined || after === undefined || end < 0 || more.length > 0) {
      throw new Error(`The document needs ${open} and, after it, ${close}, once each.`);
    }
    return `${before}${open}\n${renderTable(service)}\n${after.slice(end)}`;
  }, document);
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(projectRoot, settingsDocument);
  const current = withTables(readFileSync(file, 'utf8'));
  if (process.argv.includes('--write')) writeFileSync(file, current);
  else process.stdout.write(`${Object.keys(documented).map(renderTable).join('\n\n')}\n`);
}
