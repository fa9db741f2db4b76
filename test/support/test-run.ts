import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { environment } from './env.ts';

/** Counts of a run, as `run-files.ts` writes them. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Adds the second to the first. */
export function add(totals: Totals, { passed, failed, skipped }: Totals): void {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
}

/** Test files to run, and how. */
export interface FilesToRun {
  /** For what the run itself writes. */
  readonly folder: string;
  readonly files: readonly string[];
  /** How many at a time. */
  readonly concurrency: number;
  /** In addition to this process's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Modules that each file's process loads first. */
  readonly preload?: readonly string[];
}

/** One command of the developer's that runs test files: its identity, and the child that is under way. */
export interface TestRun {
  /** Marks every process of the run. */
  readonly id: string;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, which also end the child. */
  readonly signal: AbortSignal;
  /** Runs a command in a process group of its own, its output on ours; resolves to its exit code. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<number>;
  /** Runs test files, each in a process of its own. */
  runFiles(files: FilesToRun): Promise<Totals>;
}

const support = path.join(projectRoot, 'test', 'support');

/** Begins a run. */
export function beginTestRun(): TestRun {
  const stopping = new AbortController();
  let child: ReturnType<typeof spawn> | undefined;

  function endGroup(signal: NodeJS.Signals): void {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stopping.abort();
      endGroup('SIGTERM');
    });
  }

  async function run(
    command: string,
    args: readonly string[],
    env = environment(),
  ): Promise<number> {
    stopping.signal.throwIfAborted();
    const started = spawn(command, args, {
      cwd: projectRoot,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
    });
    child = started;
    const code = await new Promise<number>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (exitCode) => resolve(exitCode ?? 1));
    });
    endGroup('SIGKILL');
    child = undefined;
    return code;
  }

  return {
    id: `run-${process.pid}-${randomBytes(4).toString('hex')}`,
    signal: stopping.signal,
    run,
    async runFiles({ folder, files, concurrency, env, preload = [] }) {
      const totalsFile = path.join(folder, 'totals.json');
      const imports = [path.join(support, 'watch-test-file.ts'), ...preload];
      const code = await run(
        process.execPath,
        [
          ...['--conditions=kasabi-source', ...imports.flatMap((file) => ['--import', file])],
          ...[path.join(support, 'run-files.ts'), String(concurrency), totalsFile, ...files],
        ],
        // Hundreds of processes load the same modules.
        {
          ...environment(),
          NODE_COMPILE_CACHE: path.join(projectRoot, '.cache', 'compiled'),
          ...env,
        },
      );
      const totals: Totals = JSON.parse(readFileSync(totalsFile, 'utf8'));
      // An exit code that the totals do not explain is a failure of its own.
      return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
    },
  };
}
