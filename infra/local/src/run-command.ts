import { spawn } from 'node:child_process';
import { CommandFailed } from './errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Ends the command, and whatever it started, when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command to its end and returns what it printed on standard output.
 *
 * @throws CommandFailed with all its output when it cannot be run, fails or is aborted.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { signal, cwd, env, uid, gid } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new CommandFailed(command, 'was not run, the start was stopped', ''));
      return;
    }
    // A group of its own: a Ctrl-C in the terminal goes to the supervisor alone, and an abort can end
    // the command's own children with it.
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const abort = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended in the same moment.
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    const fail = (outcome: string): void => {
      const call = [command, ...args].join(' ');
      reject(new CommandFailed(call, outcome, output));
    };
    child.once('error', (error) => fail(`cannot be run (${error.message})`));
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', abort);
      if (code === 0) resolve(stdout);
      else if (signal?.aborted) fail('was stopped');
      else fail(code === null ? `was killed by ${killedBy}` : `failed with exit code ${code}`);
    });
  });
}
