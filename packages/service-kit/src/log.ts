import { type Logger, pino, stdSerializers } from 'pino';

export type { Logger };

export interface LogOptions {
  /** The service's name, on every line. */
  readonly service: string;
  readonly level: string;
}

/** Takes the value of an `apikey` parameter out of a URL or query string. */
export function redactUrl(url: string): string {
  // The name may come percent-encoded in part; what decodes to apikey is redacted like it.
  return url.replace(/([?&;])([^=&;#]*)=([^&;#]*)/g, (pair, lead: string, name: string) => {
    let decoded = name;
    try {
      decoded = decodeURIComponent(name);
    } catch {
      // Not decodable, so no parser of ours reads it as apikey either.
    }
    return decoded.trim().toLowerCase() === 'apikey' ? `${lead}apikey=[redacted]` : pair;
  });
}

/** A logger that writes one JSON object a line to standard output. */
export function createLogger(options: LogOptions): Logger {
  return pino({
    name: options.service,
    level: options.level,
    serializers: { err: stdSerializers.err },
    // Belt and braces: nothing logs headers or parameters, and if something did, no key would show.
    redact: ['*.apikey', '*.keyDigest', '*.headers', 'headers'],
  });
}
