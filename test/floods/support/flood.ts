import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestService } from '@kasabi/test/support';
import { environment } from '../../support/env.ts';
import type { FloodOrder, FloodReport } from './protocol.ts';
import { beServed, type Question, type Service } from './victim.ts';

/** A flood and who else is there. */
export interface Trial {
  readonly order: Omit<FloodOrder, 'durationMs'>;
  readonly question: Question;
  /** The services that the flood reaches. */
  readonly services: readonly TestService[];
}

const floodMs = 10_000;
const calmMs = 3_000;
/** The flood has begun by then. */
const beforeMs = 1_500;

/**
 * A median below this, in milliseconds, counts as this: what a request takes on an idle machine is less than
 * what it waits for its turn on a processor that anybody else uses.
 */
const noticeableMs = 4;
const rounds = 5;

const largestMemory = 300 * 1024 * 1024;
/** What one service may log in one flood, in bytes: a rotated log of 50 MiB still holds the minutes before it. */
const largestLog = 8 * 1024 * 1024;

/**
 * Floods a service for ten seconds and holds what another client notices of it against what it notices
 * without: its median at most twice as long, its answers the same. Also held: the services' memory at its
 * peak and what they log. Resolves to what the flooding process saw last. The time is measured up to five
 * times, since others may use the machine; the answers have to be right in each.
 */
export async function withstands({ order, question, services }: Trial): Promise<FloodReport> {
  const logged = services.map(logBytes);
  let report: FloodReport;
  const measured: string[] = [];
  for (let round = 1; ; round += 1) {
    const calm = await beServed(question, calmMs);
    const flooding = flood({ ...order, durationMs: floodMs });
    await sleep(beforeMs);
    const flooded = await beServed(question, floodMs - beforeMs - 500);
    report = await flooding;
    const figures = describe(calm, flooded, report);
    measured.push(figures);
    process.stdout.write(`${figures}\n`);
    assert.ok(report.sent > 0, figures);
    assert.deepEqual(Object.keys(flooded.statuses), Object.keys(calm.statuses), figures);
    const ratio = flooded.medianMs / Math.max(calm.medianMs, noticeableMs);
    if (ratio <= 2) break;
    assert.ok(
      round < rounds,
      `Another client waits ${ratio.toFixed(1)} times as long:\n${measured.join('\n')}`,
    );
  }
  for (const [index, service] of services.entries()) {
    const memory = peakMemory(service.pid);
    assert.ok(memory < largestMemory, `${service.name} took ${memory} bytes: ${measured.at(-1)}`);
    const bytes = (logBytes(service) - (logged[index] ?? 0)) / measured.length;
    assert.ok(bytes < largestLog, `${service.name} logged ${bytes} bytes: ${measured.at(-1)}`);
  }
  return report;
}

function describe(calm: Service, flooded: Service, report: FloodReport): string {
  const [without, within] = [calm.medianMs.toFixed(1), flooded.medianMs.toFixed(1)];
  return `median ${without} ms, flooded ${within} ms; ${JSON.stringify({ calm, flooded, report })}`;
}

async function flood(order: FloodOrder): Promise<FloodReport> {
  const program = path.join(import.meta.dirname, 'main.ts');
  const { PATH, TEST_RUN_ID } = environment();
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH, TEST_RUN_ID },
  });
  child.stdin.end(JSON.stringify(order));
  const output = await text(child.stdout);
  assert.notEqual(output, '', 'The flooding process failed.');
  return JSON.parse(output) as FloodReport;
}

/** The most memory that a process has had so far, in bytes. */
function peakMemory(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) * 1024;
}

function logBytes({ logs }: TestService): number {
  return logs.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}
