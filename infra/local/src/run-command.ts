import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CommandFailed } from './errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** When this fires, the command is killed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command to its end, and returns what it printed on standard output.
 *
 * @throws CommandFailed with its output if it cannot be run, fails or is aborted.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  try {
    const maxBuffer = 64 * 1024 * 1024;
    const running = promisify(execFile)(command, args, { maxBuffer, ...options });
    running.child.stdin?.end();
    return (await running).stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & Record<string, string>;
    throw new CommandFailed(message.split('\n')[0] ?? command, `${stdout}${stderr}`);
  }
}
