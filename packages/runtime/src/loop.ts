import { setTimeout as sleep } from 'node:timers/promises';

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

/** Creates a background loop: a named service that does one round at a time. Several processes may run the same loop. */
export function createLoop(options: LoopOptions) {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let lastSuccess: number | undefined;

  /** Does one round now; for tests and operators. */
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
    /** Starts the rounds, the first one at once; `measure` is called after each. */
    start(measure?: (round: LoopRound) => void): void {
      running ??= run(measure);
    },
    /** Starts no further round, and resolves when the current one has ended. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
    runOnce,
    /** Milliseconds since the last successful round; undefined before the first one. */
    get sinceRoundMs() {
      return lastSuccess === undefined ? undefined : performance.now() - lastSuccess;
    },
  };
}

export type Loop = ReturnType<typeof createLoop>;
