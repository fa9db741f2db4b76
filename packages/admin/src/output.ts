/** Writes to standard output, which carries the result and nothing else. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a command's result to standard output: one JSON document if `--json` was given, else words. */
export function printResult(
  { json }: { readonly json?: true | undefined },
  value: unknown,
  words: string,
): void {
  print(json ? JSON.stringify(value, null, 2) : words);
}

/** Writes to standard error, which carries everything that is not the result. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `2026-07-31T12:00:00Z`, or a dash for null. */
export function formatTime(time: Date | null): string {
  return time === null ? '-' : time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Ends quietly when a reader such as `head` closes the pipe; the work is done by then. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
