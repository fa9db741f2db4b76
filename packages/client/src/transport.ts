import { createAddresses } from './addresses.ts';
import { exchange, type Incoming, type Outgoing } from './exchange.ts';
import { withRetries } from './retry.ts';
import type { Settings } from './settings.ts';

/** An answer with its complete body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The address it came from, after redirects. */
  readonly url: URL;
}

/** The basis of all operations. */
export function createTransport(settings: Settings) {
  const addresses = createAddresses(settings);
  const retried = <T>({ signal }: Outgoing, attempt: () => Promise<T>): Promise<T> =>
    withRetries({ maxRetries: settings.maxRetries, signal }, attempt);
  return {
    addresses,
    settings,
    /**
     * Sends a request, with retries if needed, until there is a complete answer.
     *
     * @throws what `exchange` throws, when retries did not help or could not.
     */
    // The body is read within the attempt: one that breaks off is useless.
    send: (outgoing: Outgoing): Promise<Answer> =>
      retried(outgoing, async () => {
        const { response, url, text } = await exchange(settings, addresses, outgoing);
        return { status: response.status, headers: response.headers, text: await text(), url };
      }),
    /** The same for an answer that is read as it arrives. */
    open: (outgoing: Outgoing): Promise<Incoming> =>
      retried(outgoing, () => exchange(settings, addresses, outgoing)),
  };
}

export type Transport = ReturnType<typeof createTransport>;
