import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, isReady, startProcess } from '@kasabi/local';
import { type TestService, waitFor } from '@kasabi/test/support';
import { stringify } from 'yaml';
import { environment } from '../../support/env.ts';
import { readConfiguration, readRules } from './files.ts';
import { findPrometheus } from './prometheus-binary.ts';

/** A sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** An alert that is pending or firing. */
export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A Prometheus that runs the repository's rules on a test's services. */
export interface TestPrometheus {
  /** Scrapes these services from now on, and no others. */
  watch(services: readonly TestService[]): void;
  /** @throws Error with Prometheus's own words when it refuses the query. */
  query(expression: string): Promise<Sample[]>;
  alerts(): Promise<Alert[]>;
  /** The names of the alerts that fire, each once. */
  firing(): Promise<string[]>;
  stop(): Promise<void>;
}

const every = '2s';
/** What stands in the place of every `for` of the alerts, that a drill need not wait for it. */
const shortened = '5s';

/**
 * Starts a real Prometheus on the repository's own files. They are changed in three things only: it
 * scrapes and evaluates every 2 s, an alert's `for` is 5 s, and the targets come from a file instead of
 * Compose's name server. Expressions, their thresholds and their ranges stay.
 */
export async function startPrometheus(services: readonly TestService[]): Promise<TestPrometheus> {
  const { prometheus } = await findPrometheus();
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-prometheus-'));
  const configuration = readConfiguration();
  const write = (name: string, value: unknown): void => {
    const file = path.join(folder, name);
    writeFileSync(`${file}.new`, stringify(value));
    // At once: Prometheus watches the file.
    renameSync(`${file}.new`, file);
  };
  const watch = (watched: readonly TestService[]): void => {
    for (const { job_name } of configuration.scrape_configs) {
      const targets = watched
        .filter(({ name }) => `kasabi-${name}` === job_name)
        .map(({ port }) => `127.0.0.1:${port}`);
      write(`${job_name}.yml`, [{ targets }]);
    }
  };
  watch(services);
  write('prometheus.yml', {
    ...configuration,
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    scrape_configs: configuration.scrape_configs.map(({ job_name }) => ({
      job_name,
      file_sd_configs: [{ files: [`${job_name}.yml`], refresh_interval: '1s' }],
    })),
  });
  for (const name of configuration.rule_files) {
    const { groups } = readRules(name);
    const shorten = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, ...(rule.for && { for: shortened }) })),
    }));
    write(name, { groups: shorten });
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { PATH, TEST_RUN_ID } = environment();
  const server = await startProcess({
    name: 'prometheus',
    command: prometheus,
    args: [
      `--config.file=${path.join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    env: { PATH, TEST_RUN_ID },
    logFile: path.join(folder, 'prometheus.log'),
  });
  // A test file that ends early leaves no process behind.
  const killNow = (): void => {
    if (server.exit === undefined) process.kill(server.pid, 'SIGKILL');
  };
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    process.off('exit', killNow);
    await server.stop([
      ['SIGTERM', 10_000],
      ['SIGKILL', 5_000],
    ]);
    rmSync(folder, { recursive: true, force: true });
  };
  async function get<T>(address: string): Promise<T> {
    const response = await fetch(`${url}/api/v1/${address}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${address}: ${answer.error}`);
    return answer.data;
  }
  const list = async (): Promise<Alert[]> => (await get<{ alerts: Alert[] }>('alerts')).alerts;
  try {
    await waitFor(() => isReady(`${url}/-/ready`), { what: 'Prometheus', timeoutMs: 30_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    watch,
    query: async (expression) =>
      (await get<{ result: Sample[] }>(`query?${new URLSearchParams({ query: expression })}`))
        .result,
    alerts: list,
    async firing() {
      const firing = (await list()).filter(({ state }) => state === 'firing');
      return [...new Set(firing.map(({ labels }) => labels['alertname'] ?? ''))].sort();
    },
    stop,
  };
}
