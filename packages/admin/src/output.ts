/** Writes a result for people to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a result for programs to standard output: one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes to standard error, which carries everything that is not the result. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `2026-07-31T12:00:00Z`, or a dash for null. */
export function formatTime(time: Date | null): string {
  return time === null ? '-' : time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `17,823`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Ends quietly when a reader such as `head` closes the pipe; the work is done by then. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
