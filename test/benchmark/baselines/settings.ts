/** What every baseline is told, as JSON in its first argument. */
export interface BaselineSettings {
  readonly port: number;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** The settings of this process, and whatever else its starter passed along. */
export function settings<Extra = object>(): BaselineSettings & Extra {
  return JSON.parse(process.argv[2] ?? '') as BaselineSettings & Extra;
}
