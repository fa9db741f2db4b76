import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { parse } from 'yaml';

export const prometheusFolder = path.join(projectRoot, 'infra', 'prometheus');
const dashboardFolder = path.join(projectRoot, 'infra', 'grafana', 'dashboards');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export interface Configuration {
  readonly global: Readonly<Record<string, string>>;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly Readonly<{ job_name: string; [key: string]: unknown }>[];
}

interface Target {
  readonly expr?: string;
  readonly rawSql?: string;
}

/** A panel of a dashboard. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly Target[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: { readonly query: string } }[] };
}

export const readText = (name: string): string =>
  readFileSync(path.join(prometheusFolder, name), 'utf8');

export const readConfiguration = (): Configuration => parse(readText('prometheus.yml'));
export const readRules = (name: string): Rules => parse(readText(name));

/** The alerts of the repository. */
export const alerts: readonly Rule[] = readRules('alerts.yml').groups.flatMap(({ rules }) => rules);
/** The recording rules of the repository. */
export const recordings: readonly Rule[] = readRules('recording.yml').groups.flatMap(
  ({ rules }) => rules,
);

/** The dashboards of the repository, by file name. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  return new Map(
    readdirSync(dashboardFolder).map((name) => [
      name,
      JSON.parse(readFileSync(path.join(dashboardFolder, name), 'utf8')),
    ]),
  );
}
