import { startTracing, type Tracing } from '@kasabi/tracing';
import { createLogger, type Logger } from './log.ts';
import { StartupError } from './startup-error.ts';
import { throttledWarning } from './throttled-warning.ts';

/** The settings that running a service needs. */
export interface RunSettings {
  readonly LOG_LEVEL: string;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
  /** In milliseconds. */
  readonly SHUTDOWN_TIMEOUT_MS: number;
}

/** What a service has when it starts. */
export interface ServiceStart<Settings> {
  readonly settings: Settings;
  readonly log: Logger;
  readonly tracing: Tracing;
  /** Aborted when the process has been told to stop. */
  readonly stopping: AbortSignal;
}

/** Stops taking work, ends what is under way, closes connections. */
type Stop = () => Promise<void>;

/**
 * Runs a service until SIGTERM or SIGINT, then stops it in order. After SHUTDOWN_TIMEOUT_MS, or at a second signal,
 * the process ends at once with status 1. A StartupError ends it with a message instead of a stack.
 *
 * @param name the service's name in its log; with `kasabi-` before it, in its traces.
 * @param start starts the service; resolves to what stops it.
 */
export async function runService<Settings extends RunSettings>(
  name: string,
  readSettings: () => Settings,
  start: (service: ServiceStart<Settings>) => Promise<Stop>,
): Promise<void> {
  // The reader of stderr may be gone; that is no reason to end.
  process.stderr.on('error', () => undefined);
  const stopping = new AbortController();
  const { settings, log, stop } = await begin().catch(endAtStart);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception: the process ends');
    process.exit(1);
  });
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info({ signal }, 'stopping');
  stopping.abort();
  const giveUp = (reason: string) => () => {
    log.error({ reason }, 'did not stop in order');
    process.exit(1);
  };
  process.once('SIGTERM', giveUp('a second signal'));
  process.once('SIGINT', giveUp('a second signal'));
  const deadline = setTimeout(giveUp('the deadline has passed'), settings.SHUTDOWN_TIMEOUT_MS);
  await stop();
  clearTimeout(deadline);
  log.info('stopped');
  process.exit(0);

  async function begin(): Promise<{ settings: Settings; log: Logger; stop: Stop }> {
    const settings = readSettings();
    const log = createLogger({ service: name, level: settings.LOG_LEVEL });
    const tracing = await startTracing({
      endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
      service: `kasabi-${name}`,
      ratio: settings.OTEL_TRACES_SAMPLER_ARG,
      onError: throttledWarning(log, 'tracing trouble'),
    });
    const stopWork = await start({ settings, log, tracing, stopping: stopping.signal });
    const stop = (): Promise<void> => stopWork().then(tracing.stop);
    return { settings, log, stop };
  }
}

function endAtStart(error: unknown): never {
  const text = error instanceof StartupError ? error.message : (error as Error)?.stack;
  process.stderr.write(`${text ?? String(error)}\n`);
  process.exit(1);
}
