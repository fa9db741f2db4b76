import { readdirSync, readFileSync } from 'node:fs';

// USER_HZ, the unit of /proc's times, is 100 on every Linux that Node.js runs on.
const ticksPerSecond = 100;

/** The fields of /proc/PID/stat from the state on; empty when the process has ended. */
function stat(pid: number): string[] {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Processor seconds that a process and its children, those that have ended too, have used so far. */
export function cpuSeconds(pid: number): number {
  const times = (fields: readonly string[], count: number): number =>
    fields.slice(11, 11 + count).reduce((sum, ticks) => sum + Number(ticks), 0);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => stat(Number(name)))
    .filter((fields) => fields[1] === String(pid))
    .reduce((sum, fields) => sum + times(fields, 2), 0);
  return (times(stat(pid), 4) + children) / ticksPerSecond;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  return memoryMiB(pid, 'VmRSS');
}

/** The most of it that the process has had since its start. */
export function peakMiB(pid: number): number {
  return memoryMiB(pid, 'VmHWM');
}

function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
}

/** Processor seconds used by each process since this was called, when what it returns is called. */
export function watchCpu(pids: Readonly<Record<string, number>>): () => Record<string, number> {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuSeconds(pid)] as const);
  return () =>
    Object.fromEntries(before.map(([name, pid, used]) => [name, cpuSeconds(pid) - used]));
}
