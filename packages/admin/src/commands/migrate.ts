import { migrate, type RolePasswords } from '@kasabi/postgres';
import type { Command } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { type AdminSettings, readSettings } from '../env.ts';
import { print, printError, printJson } from '../output.ts';

/** Adds `migrate`. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .description('migrate the database to the newest schema, with its roles; can be repeated')
    .addOption(jsonOption())
    .action(async (options: { json?: true }) => {
      const settings = readSettings();
      const migrations = await migrate({
        databaseUrl: settings.DATABASE_URL,
        passwords: rolePasswords(settings),
        warn: printError,
      });
      if (options.json) printJson({ migrations });
      else if (migrations.length === 0) print('The schema is already the newest.');
      else print(`Ran ${migrations.join(', ')}.`);
    });
  addExamples(command, 'migrate').addHelpText(
    'after',
    `
Settings:
  DATABASE_URL            a login that is a superuser, or has CREATEROLE and may create schemas
  API_DB_PASSWORD         let the roles kasabi_api, kasabi_worker, kasabi_status
  WORKER_DB_PASSWORD      and kasabi_operations log in by themselves,
  STATUS_DB_PASSWORD      each with this password
  OPERATIONS_DB_PASSWORD`,
  );
}

function rolePasswords(settings: AdminSettings): RolePasswords {
  const { API_DB_PASSWORD: api, WORKER_DB_PASSWORD: worker } = settings;
  const { STATUS_DB_PASSWORD: status, OPERATIONS_DB_PASSWORD: operations } = settings;
  return {
    ...(api !== undefined && { api }),
    ...(worker !== undefined && { worker }),
    ...(status !== undefined && { status }),
    ...(operations !== undefined && { operations }),
  };
}
