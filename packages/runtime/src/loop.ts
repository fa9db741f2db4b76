import { setTimeout as sleep } from 'node:timers/promises';

/** A background loop: a named service that does one round at a time. Several processes may run the same loop. */
export interface Loop {
  readonly name: string;
  /** Starts the rounds, the first one at once; `measure` is called after each. */
  start(measure?: (round: LoopRound) => void): void;
  /** Starts no further round, and resolves when the current one has ended. */
  stop(): Promise<void>;
  /** Does one round now; for tests and operators. */
  runOnce(): Promise<void>;
  /** Milliseconds since the last successful round; undefined before the first one. */
  readonly sinceRoundMs: number | undefined;
}

export interface LoopOptions {
  readonly name: string;
  /** The pause between rounds in milliseconds; it varies by a tenth, so that replicas spread out. */
  readonly intervalMs: number;
  readonly runOnce: () => Promise<void>;
  /** Called when a round has failed; the next one follows after the usual pause. */
  readonly onError: (error: unknown) => void;
}

/** A round of a started loop. */
export interface LoopRound {
  readonly loop: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** Creates a loop that calls `runOnce` again and again. */
export function createLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let lastSuccess: number | undefined;

  async function runOnce(): Promise<void> {
    await options.runOnce();
    lastSuccess = performance.now();
  }

  async function run(measure?: (round: LoopRound) => void): Promise<void> {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      let failed = false;
      try {
        await runOnce();
      } catch (error) {
        failed = true;
        options.onError(error);
      }
      measure?.({ loop: options.name, durationMs: performance.now() - began, failed });
      const pause = options.intervalMs * (0.9 + Math.random() * 0.2);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    name: options.name,
    start(measure) {
      running ??= run(measure);
    },
    async stop() {
      stopping.abort();
      await running;
    },
    runOnce,
    get sinceRoundMs() {
      return lastSuccess === undefined ? undefined : performance.now() - lastSuccess;
    },
  };
}
