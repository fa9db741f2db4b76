import { setTimeout as sleep } from 'node:timers/promises';

/** A background loop: a named service that does one round at a time. Any number may run at once. */
export interface Loop {
  readonly name: string;
  /** Begins rounds, the first at once; `measure` is called after each. */
  start(measure?: (round: LoopRound) => void): void;
  /** Begins no further round and resolves when the present one has ended. */
  stop(): Promise<void>;
  /** Does one round now; for tests and for the operator. */
  runOnce(): Promise<void>;
  /** Milliseconds since a round last ended well; undefined before the first. */
  readonly sinceRoundMs: number | undefined;
}

export interface LoopOptions {
  readonly name: string;
  /** Pause between rounds in milliseconds; each is varied by a tenth so that replicas spread out. */
  readonly intervalMs: number;
  readonly runOnce: () => Promise<void>;
  /** Told when a round failed; the next follows after the usual pause. */
  readonly onError: (error: unknown) => void;
}

/** A round that a started loop has done. */
export interface LoopRound {
  readonly loop: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** Makes a loop of `runOnce`. */
export function createLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let endedWell: number | undefined;

  async function runOnce(): Promise<void> {
    await options.runOnce();
    endedWell = performance.now();
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
      return endedWell === undefined ? undefined : performance.now() - endedWell;
    },
  };
}
