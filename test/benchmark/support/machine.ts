import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import type { Servers } from './servers.ts';
import { median } from './statistics.ts';

/** What the figures were taken on. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Of the minute before the run, in processes; other work on the machine shows here. */
  readonly loadBefore: number;
  /** One row's INSERT and commit, median of 200, in milliseconds: mostly the disk's flush. */
  readonly commitMs: number;
  readonly versions: Readonly<Record<string, string>>;
}

const packages = ['express', 'bullmq', 'ioredis', 'pg', 'graphile-worker', 'pg-boss'];

export async function describeMachine(servers: Servers): Promise<Machine> {
  const { pool } = await servers.createDatabase('bench_machine');
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  const redis = /^redis_version:(.*)\r$/m.exec(await servers.redis.info('server'))?.[1] ?? '';
  await pool.query('CREATE TABLE public.probe (n integer)');
  const commits: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    const began = performance.now();
    await pool.query('INSERT INTO public.probe VALUES ($1)', [n]);
    commits.push(performance.now() - began);
  }
  return {
    date: new Date().toISOString().slice(0, 16),
    commit: commit(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    loadBefore: os.loadavg()[0] ?? 0,
    commitMs: median(commits),
    versions: {
      node: process.versions.node,
      postgres: rows[0]?.server_version ?? '',
      redis,
      ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    },
  };
}

function versionOf(name: string): string {
  const manifest = path.join(projectRoot, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The commit, and whether files differ from it. */
function commit(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).stdout.trim();
  const changed = git('status', '--porcelain', '--', '.', ':!test/benchmark/*esults*');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
}
