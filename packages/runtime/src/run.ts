import type { Logger } from './log.ts';
import { StartupError } from './startup-error.ts';

/** A started service: what stops it, step by step. */
export interface RunningService {
  readonly log: Logger;
  /** Stops taking work, ends what is under way, closes connections. */
  stop(): Promise<void>;
  /** How long `stop` may take, in milliseconds. */
  readonly shutdownTimeoutMs: number;
}

/**
 * Runs a service until SIGTERM or SIGINT, then stops it in order; after its deadline, or at a second
 * signal, the process ends at once with status 1. A StartupError ends it with a message instead of a stack.
 */
export async function runService(start: () => Promise<RunningService>): Promise<void> {
  // Whoever read it may be gone; that is no reason to end.
  process.stderr.on('error', () => undefined);
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    const text = error instanceof StartupError ? error.message : (error as Error)?.stack;
    process.stderr.write(`${text ?? String(error)}\n`);
    process.exit(1);
  }
  const { log } = service;
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception: the process ends');
    process.exit(1);
  });
  await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  }).then(async (signal) => {
    log.info({ signal }, 'stopping');
    const giveUp = (reason: string) => () => {
      log.error({ reason }, 'did not stop in order');
      process.exit(1);
    };
    process.once('SIGTERM', giveUp('a second signal'));
    process.once('SIGINT', giveUp('a second signal'));
    const deadline = setTimeout(giveUp('the deadline has passed'), service.shutdownTimeoutMs);
    await service.stop();
    clearTimeout(deadline);
    log.info('stopped');
    process.exit(0);
  });
}
