import type { Finding } from './finding.ts';
import type { WorkerState } from './overview.ts';
import { plural } from './plural.ts';

/** What is wrong with the store for the files of exports, according to the workers that write to it. */
export function diagnoseStore(alive: readonly WorkerState[]): Finding[] {
  const without = alive.filter(({ storeTrouble }) => storeTrouble !== null);
  const [first] = without;
  if (first === undefined) return [];
  const others = alive.length - without.length;
  const who =
    others === 0
      ? ''
      : ` So say ${without.map(({ holder }) => holder).join(', ')}; ${plural(others, 'other worker', 'other workers')} can.`;
  return [
    {
      code: 'export-store-sick',
      severity: 'warning',
      what: `${first.storeTrouble}. Exports wait, and so do resets that keep one; other jobs run.${who}`,
      todo: 'Make room in the store, or fix its address, its network, or what the workers may do there. Nothing else is needed: jobs are tried again for RETRY_HOURS.',
    },
  ];
}
