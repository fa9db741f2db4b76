/** What the runner tells the test files. */
export interface TestEnvironment {
  /** Superuser's URL of the run's Postgres. */
  readonly TEST_DATABASE_URL: string;
  /** URL of the run's Redis, without a logical database. */
  readonly TEST_REDIS_URL: string;
  /** Marks every process of the run. */
  readonly TEST_RUN_ID: string;
  /** A `StackTopology` as JSON; the local stack's unless set. */
  readonly TEST_TOPOLOGY: string | undefined;
}

/** This process's environment: the one place where the tests read it. */
export function environment(): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: the one place where the tests read the environment.
  return process.env;
}

/**
 * What the runner tells the test files.
 *
 * @throws Error when a test file was not started by the runner.
 */
export function testEnvironment(): TestEnvironment {
  const { TEST_DATABASE_URL, TEST_REDIS_URL, TEST_RUN_ID, TEST_TOPOLOGY } = environment();
  if (TEST_DATABASE_URL && TEST_REDIS_URL && TEST_RUN_ID) {
    return { TEST_DATABASE_URL, TEST_REDIS_URL, TEST_RUN_ID, TEST_TOPOLOGY };
  }
  throw new Error(
    'This test needs the servers of the test runner: run it with "npm test -- NAME".',
  );
}
