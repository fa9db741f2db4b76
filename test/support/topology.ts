import type { ServiceName } from '@kasabi/local';
import { testEnvironment } from './env.ts';

/** How the services of a test stack reach their servers, where the tests themselves reach them in another way. */
export interface StackTopology {
  /** Settings that replace the local stack's. `{database}` stands for the name of the test's database. */
  readonly settings?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

/** The settings that the run's topology gives a service of the stack with this database. */
export function topologySettings(name: ServiceName, database: string): NodeJS.ProcessEnv {
  const { TEST_TOPOLOGY } = testEnvironment();
  if (TEST_TOPOLOGY === undefined) return {};
  const { settings = {} }: StackTopology = JSON.parse(TEST_TOPOLOGY);
  return Object.fromEntries(
    Object.entries(settings[name] ?? {}).map(([setting, value]) => [
      setting,
      value.replaceAll('{database}', database),
    ]),
  );
}
