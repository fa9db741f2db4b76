import { SettingsInvalid } from '@kasabi/runtime';
import type { Command } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { type Check, judge, worstOf } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { readSettings } from '../env.ts';
import { printResult } from '../output.ts';

/** The exit codes of `doctor`; 2 is wrong usage, as for every command. */
export const doctorExitCode = { ok: 0, fail: 1, warn: 3 } as const;

/** Adds `doctor`, which passes the exit code of its verdict to `exit`. */
export function addDoctorCommand(program: Command, exit: (code: number) => void): void {
  const doctor = program
    .command('doctor')
    .description('check settings, Postgres, Redis, workers and jobs, and say what to do')
    .addOption(jsonOption())
    .action(async (options: { json?: true }) => {
      const checks = await examineAll();
      const status = worstOf(checks);
      exit(doctorExitCode[status]);
      const words = [...checks.map(lineOf), '', conclusions[status]].join('\n');
      printResult(options, { status, checks }, words);
    });
  addExamples(doctor, 'doctor', 'doctor --json').addHelpText(
    'after',
    `
Settings:
  DATABASE_URL  a login that may assume the role of the schema's owner
  REDIS_URL     the workers' Redis; unset, Redis is not checked

Exit codes: 0 all is well, 1 something does not work, 3 it works but something needs attention,
2 wrong usage`,
  );
}

async function examineAll(): Promise<Check[]> {
  try {
    return [...(await examine(readSettings())).checks];
  } catch (error) {
    if (!(error instanceof SettingsInvalid)) throw error;
    const todo = 'Correct it; see npm run admin -- doctor --help.';
    return [judge('settings', error.message, { status: 'fail', todo })];
  }
}

const conclusions = {
  ok: 'All is well.',
  warn: 'It works, but something needs attention.',
  fail: 'Something does not work.',
} as const;

function lineOf({ name, status, what, todo }: Check): string {
  const line = `${status.padEnd(4)}  ${name.padEnd(17)}  ${what}`;
  return todo === undefined ? line : `${line}\n${' '.repeat(25)}-> ${todo}`;
}
