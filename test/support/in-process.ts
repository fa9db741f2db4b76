import { environment } from './env.ts';

/** What a run of a command line came to. */
export interface InProcessRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line in this process, without the seconds that a process of its own takes to start, and
 * keeps what it writes. One at a time.
 */
export async function runInProcess(
  run: (args: readonly string[]) => Promise<number>,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<InProcessRun> {
  const before = { ...environment() };
  Object.assign(environment(), env);
  const written = { out: '', err: '' };
  const putBack = [keepText(process.stdout, 'out'), keepText(process.stderr, 'err')];
  try {
    return { code: await run(args), ...written };
  } finally {
    for (const undo of putBack) undo();
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete environment()[name];
      else environment()[name] = before[name];
    }
  }

  function keepText(stream: NodeJS.WriteStream, name: 'out' | 'err'): () => void {
    const write = stream.write;
    const kept = (chunk: string | Uint8Array): boolean => {
      // The test runner's own reports are bytes.
      if (typeof chunk !== 'string') return write.call(stream, chunk);
      written[name] += chunk;
      return true;
    };
    stream.write = kept as typeof stream.write;
    return () => {
      stream.write = write;
    };
  }
}
