import type { WriteStream } from 'node:tty';
import type { LoadProgress } from '@kasabi/datasets';
import { formatCount } from '@kasabi/operations';
import { SingleBar } from 'cli-progress';

export interface Progress {
  update(progress: LoadProgress): void;
  /** Removes the bar; may be called again. */
  stop(): void;
}

/**
 * A bar with rate and remaining time on a terminal; nothing elsewhere, where it would fill a log.
 */
export function showProgress(stream: WriteStream): Progress {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const begun = performance.now();
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage}% | {quads} quads | {rate} quads/s | {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
    // We stop the bar ourselves, in every case; its own signal handlers would run before the abort.
    gracefulExit: false,
    barsize: 30,
    etaBuffer: 50,
  });
  return {
    update({ bytesRead, bytesTotal, quads }) {
      const rate = (quads / (performance.now() - begun)) * 1000;
      const shown = { quads: formatCount(quads), rate: formatCount(rate) };
      // Not before: a load that cannot even begin fails without showing a bar.
      if (!bar.isActive) bar.start(bytesTotal, 0, shown);
      bar.update(bytesRead, shown);
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}
