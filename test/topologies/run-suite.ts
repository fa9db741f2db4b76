import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { endLeftProcesses } from '../support/left-processes.ts';
import { startServers } from '../support/servers.ts';
import type { TestRun, Totals } from '../support/test-run.ts';
import { type Topology, TopologyUnavailable } from './topology.ts';

/** What became of the suite on one topology. */
export interface SuiteResult extends Totals {
  readonly topology: Topology;
  readonly seconds: number;
  /** Why it was not run, if it was not. */
  readonly unavailable?: string;
  /** Why it did not start. */
  readonly broken?: string;
}

/** Runs test files on servers of their own, reached as the topology has it. */
export async function runSuite(
  run: TestRun,
  topology: Topology,
  files: readonly string[],
  log: (line: string) => void,
): Promise<SuiteResult> {
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 1_000);
  const servers = await startServers(run.id, log, run.signal);
  try {
    const folder = path.join(servers.folder, topology.name);
    mkdirSync(folder, { mode: 0o711 });
    const running = await topology.start({ servers, folder, log, signal: run.signal });
    const { stop, concurrency = availableParallelism(), ...reached } = running;
    const { databaseUrl = servers.databaseUrl, redisUrl = servers.redisUrl, ...ofStacks } = reached;
    try {
      const totals = await run.runFiles({
        folder,
        files,
        concurrency,
        env: {
          TEST_DATABASE_URL: databaseUrl,
          TEST_REDIS_URL: redisUrl,
          TEST_RUN_ID: run.id,
          TEST_TOPOLOGY: JSON.stringify(ofStacks),
        },
      });
      return { ...totals, topology, seconds: seconds() };
    } finally {
      // A test that was ended by a signal could not end its services.
      await endLeftProcesses(run.id, 0);
      await stop();
    }
  } catch (error) {
    if (run.signal.aborted) throw error;
    const nothing = { passed: 0, failed: 0, skipped: 0, topology, seconds: seconds() };
    if (error instanceof TopologyUnavailable) return { ...nothing, unavailable: error.message };
    // The others are still worth a try.
    return {
      ...nothing,
      failed: 1,
      broken: error instanceof Error ? error.message : String(error),
    };
  } finally {
    await servers.stop();
  }
}
