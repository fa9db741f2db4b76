/** A Redis, and how to get in. */
export interface RedisAccess {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Certificates in PEM format that the servers' are checked with; those of Node.js unless set. */
  readonly ca?: string | undefined;
  /** The client's certificate and its key, in PEM format. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

/** The Redis that a process's settings name. */
export function redisAccess(settings: {
  readonly REDIS_URL: string;
  readonly REDIS_CA_FILE?: string | undefined;
  readonly REDIS_CERT_FILE?: string | undefined;
  readonly REDIS_KEY_FILE?: string | undefined;
  readonly REDIS_SENTINEL_USERNAME?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD?: string | undefined;
}): RedisAccess {
  return {
    url: settings.REDIS_URL,
    ca: settings.REDIS_CA_FILE,
    cert: settings.REDIS_CERT_FILE,
    key: settings.REDIS_KEY_FILE,
    sentinelUsername: settings.REDIS_SENTINEL_USERNAME,
    sentinelPassword: settings.REDIS_SENTINEL_PASSWORD,
  };
}
