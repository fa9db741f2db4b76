import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { LoadOrder, LoadReport } from '../load/protocol.ts';
import { program } from './build.ts';
import { watchCpu } from './usage.ts';

/** What the load process reports, and what each of the watched processes spent on one request. */
export interface Load extends LoadReport {
  /** Microseconds of processor time, by process. */
  readonly cost: Readonly<Record<string, number>>;
}

/**
 * Runs the load process once. It shares the machine's cores with what it measures, on both sides alike.
 *
 * @throws Error when it fails, or when an answer had another status than the expected.
 */
export async function applyLoad(
  order: LoadOrder,
  pids: Readonly<Record<string, number>> = {},
): Promise<Load> {
  const child = spawn(process.execPath, [program('load/main')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(order));
  const spent = watchCpu(pids);
  const output = await text(child.stdout);
  const seconds = Object.entries(spent());
  if (output === '') throw new Error('The load process failed.');
  const report = JSON.parse(output) as LoadReport;
  if (report.wrong > 0) {
    throw new Error(`${report.wrong} answers on port ${order.port} were not ${order.expect}.`);
  }
  const cost = seconds.map(([name, used]) => [name, (used * 1e6) / report.answeredInAll] as const);
  return { ...report, cost: Object.fromEntries(cost) };
}
