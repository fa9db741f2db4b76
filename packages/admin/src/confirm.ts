import { createInterface } from 'node:readline';
import { Option } from 'commander';
import { NotConfirmed } from './errors.ts';
import { printError } from './output.ts';

/** The option of every command that asks before it acts. */
export function yesOption(): Option {
  return new Option('-y, --yes', 'act without asking; needed where there is no terminal to ask on');
}

/**
 * Says what a command is about to do, and returns once that is confirmed: by `--yes`, or by y on the terminal.
 * Anything else there changes nothing: another answer, the end of the input, Ctrl-C. The question goes to
 * standard error, so that the result can be redirected.
 *
 * @param consequence one or more sentences.
 * @throws NotConfirmed, without asking where standard input or standard error is not a terminal.
 */
export async function confirm(consequence: string, yes: true | undefined): Promise<void> {
  if (yes) return;
  const { stdin: input, stderr: output } = process;
  printError(consequence);
  if (!(input.isTTY && output.isTTY)) {
    throw new NotConfirmed(
      'There is no terminal to ask on, so nothing was changed; give --yes to act without asking.',
    );
  }
  const answer = await ask(input, output);
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmed('Nothing was changed.');
}

function ask(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  const terminal = createInterface({ input, output });
  return new Promise((resolve) => {
    // Ctrl-C, Ctrl-D, and a closed terminal all close it; after an answer this changes nothing.
    terminal.once('SIGINT', () => terminal.close());
    terminal.once('close', () => resolve(''));
    terminal.question('Do it? [y/N] ', (answer) => {
      resolve(answer);
      terminal.close();
    });
  });
}
