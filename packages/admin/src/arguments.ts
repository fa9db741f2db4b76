import { type Command, InvalidArgumentError, Option } from 'commander';

/** A parser for whole numbers within bounds, for commander. */
export function wholeNumber(from: number, to: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < from || number > to) {
      throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
    }
    return number;
  };
}

/** A parser for text, for commander. */
export function nonEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

/** The option that every command has. */
export function jsonOption(): Option {
  return new Option('--json', 'print the result as one JSON document');
}

/** Shows examples below a command's help. */
export function addExamples(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  npm run admin -- ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
