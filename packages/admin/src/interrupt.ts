const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work` with an AbortSignal that Ctrl-C and SIGTERM fire, so that it can clean up. A second signal ends the
 * process at once, as without this function.
 */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const release = () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
  const interrupt = () => {
    release();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    release();
  }
}
