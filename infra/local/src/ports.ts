import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PortTaken } from './errors.ts';

// Below Linux's default range for outgoing connections (from 32768), so that no connection can take a port between its
// choice and its use.
const lowest = 20_000;
const highest = 32_767;

const handedOut = new Set<number>();

/** Whether nothing listens on the port, on any address of this machine. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that nothing listens on. A process never gets the same one twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest + 1);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isPortFree(port)) return port;
  }
}

export interface PortChoice {
  /** The name of the setting, for the error message. */
  readonly setting: string;
  /** The value of the setting. */
  readonly set: number | undefined;
  /** Used if the setting is not set and the port is free. */
  readonly preferred?: number | undefined;
}

/**
 * Returns the port that is set; otherwise the preferred one if it is free; otherwise any free one.
 *
 * @throws PortTaken if the port that is set is in use.
 */
export async function choosePort(choice: PortChoice): Promise<number> {
  if (choice.set !== undefined) {
    if (await isPortFree(choice.set)) return choice.set;
    throw new PortTaken(choice.setting, choice.set);
  }
  const { preferred } = choice;
  if (preferred !== undefined && !handedOut.has(preferred) && (await isPortFree(preferred))) {
    handedOut.add(preferred);
    return preferred;
  }
  return freePort();
}
