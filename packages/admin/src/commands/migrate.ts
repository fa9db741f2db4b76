import { migrate } from '@kasabi/postgres';
import type { Command } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { readSettings } from '../env.ts';
import { printError, printResult } from '../output.ts';

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
        passwords: {
          api: settings.API_DB_PASSWORD,
          worker: settings.WORKER_DB_PASSWORD,
          status: settings.STATUS_DB_PASSWORD,
          operations: settings.OPERATIONS_DB_PASSWORD,
        },
        warn: printError,
      });
      const words =
        migrations.length === 0
          ? 'The schema is already the newest.'
          : `Ran ${migrations.join(', ')}.`;
      printResult(options, { migrations }, words);
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
