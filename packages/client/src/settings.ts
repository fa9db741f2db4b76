import { InvalidArgument } from './errors.ts';

/** Sends a request: the part of `fetch` that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** The address of the api service: `http://api.example.org`, with a path if it is behind one. */
  readonly apiUrl: string | URL;
  /** The address of the status service: `http://data.example.org`. The key is sent to these two origins only. */
  readonly statusUrl: string | URL;
  /** The API key of the dataset owner. */
  readonly apiKey: string;
  /** Replaces the global `fetch`, for instance with one that uses a proxy. */
  readonly fetch?: Fetch | undefined;
  /**
   * How long one request may take, in milliseconds; 30,000 unless set. If the service is asked to hold its answer,
   * that time is added.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a request is retried after 429, 503, 502, 504, or no answer; 5 unless set. A success resets the
   * count.
   */
  readonly maxRetries?: number | undefined;
}

export interface Settings {
  readonly apiUrl: URL;
  readonly statusUrl: URL;
  readonly apiKey: string;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

/** @throws InvalidArgument, naming the option; the key is not in the message. */
export function readSettings(options: ClientOptions): Settings {
  const { apiKey, timeoutMs = 30_000, maxRetries = 5 } = options;
  // Fetch would also refuse it, and quote the key.
  if (typeof apiKey !== 'string' || !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new InvalidArgument('apiKey must be visible ASCII, without spaces or line ends.');
  }
  if (!(timeoutMs > 0 && timeoutMs <= 86_400_000)) {
    throw new InvalidArgument('timeoutMs must be more than 0, and a day at most.');
  }
  if (!Number.isInteger(maxRetries) || maxRetries < 0) {
    throw new InvalidArgument('maxRetries must be a whole number, 0 or more.');
  }
  return {
    apiUrl: readBase('apiUrl', options.apiUrl),
    statusUrl: readBase('statusUrl', options.statusUrl),
    apiKey,
    // Looked up for each request, so that replacing the global one takes effect.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    timeoutMs,
    maxRetries,
  };
}

function readBase(option: string, value: string | URL): URL {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgument(`${option} must be an absolute http or https URL.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidArgument(`${option} must not have credentials, a query or a fragment.`);
  }
  return url;
}
