/** The environment of this process: the one place where the suite and its preload read it. */
export function environment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: the one place where the fault suite reads the environment.
  return process.env;
}

/** What the suite tells the preload of a service. */
export interface PreloadSettings {
  /** The service's name in the stack: `worker-2`. */
  readonly service: string;
  readonly controlPort: number;
  /** How far the service's clock is off from its start on, in milliseconds. */
  readonly skewMs: number;
}

/** Reads what `preloadEnvironment` wrote. */
export function preloadSettings(): PreloadSettings {
  const { CHAOS_SERVICE, CHAOS_CONTROL_PORT, CHAOS_SKEW_MS } = environment();
  return {
    service: CHAOS_SERVICE ?? '',
    controlPort: Number(CHAOS_CONTROL_PORT),
    skewMs: Number(CHAOS_SKEW_MS),
  };
}

/** The variables that carry `settings` into a service. */
export function preloadEnvironment(settings: PreloadSettings): NodeJS.ProcessEnv {
  return {
    CHAOS_SERVICE: settings.service,
    CHAOS_CONTROL_PORT: String(settings.controlPort),
    CHAOS_SKEW_MS: String(settings.skewMs),
  };
}
