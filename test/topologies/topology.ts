import type { TestServers } from '@kasabi/test/support/servers';
import type { StackTopology } from '@kasabi/test/support/topology';

/** What a topology starts from. */
export interface Surroundings {
  /** The run's own Postgres, with the migrated template database, and Redis. */
  readonly servers: TestServers;
  /** For the topology's files; it exists, and is removed at the end. */
  readonly folder: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A topology whose servers run. */
export interface RunningTopology extends StackTopology {
  /** The Postgres of the tests, where it is not the run's own: the superuser's URL. */
  readonly databaseUrl?: string;
  /** The Redis of the tests and their services, where it is not the run's own. */
  readonly redisUrl?: string;
  /** How many test files may run at a time; as many as there are processors unless set. */
  readonly concurrency?: number;
  /** Stops what it started. */
  stop(): Promise<void>;
}

/** Servers, and ways to them, on which the end-to-end suite has to pass. */
export interface Topology {
  /** For the command line: `sentinel`. */
  readonly name: string;
  /** What differs from the local stack, for the report: `Redis behind three Sentinels`. */
  readonly what: string;
  /**
   * Starts it.
   *
   * @throws TopologyUnavailable where this machine cannot have what it needs.
   */
  start(surroundings: Surroundings): Promise<RunningTopology>;
}

/** A topology needs a program that this machine cannot have. */
export class TopologyUnavailable extends Error {
  readonly code = 'topology-unavailable';
}
