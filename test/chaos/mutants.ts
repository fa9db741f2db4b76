import type { Patch } from './image.ts';
import type { Invariant } from './invariants.ts';
import type { Options } from './options.ts';
import { run } from './runner.ts';

/** A copy of the product with one safeguard taken out: the suite has to notice. */
export interface Mutant {
  readonly what: string;
  readonly patches: readonly Patch[];
  /** Invariants that do not count: the effect is to be seen, not the slip. */
  readonly without?: readonly Invariant[];
}

const guardFence: Patch = {
  file: 'packages/postgres/migrations/0006_store-guard.sql',
  find: "IF dataset.storage_mode = 'read-only'\n       AND",
  replace: 'IF true OR',
};

// The values stay in use, or Postgres would not know their types.
const completingFence: readonly Patch[] = [
  {
    file: 'packages/datasets/dist/enter.js',
    find: 'AND locked_by = $2 AND fence = $3::bigint\n  FOR SHARE OF dataset',
    replace: 'AND $2::uuid IS NOT NULL AND $3::bigint IS NOT NULL',
  },
  {
    file: 'packages/datasets/dist/unlock.js',
    find: 'locked_by = $2 AND ($3::bigint IS NULL OR fence = $3)',
    replace: '$2::uuid IS NOT NULL AND ($3::bigint IS NULL OR true)',
  },
  {
    file: 'packages/jobs/dist/complete.js',
    find: 'await updateLeased(db, claim,',
    replace: `await (async (_db, _claim, _event, set) => {
        await db.query(\`UPDATE kasabi.job SET \${set} WHERE id = $1\`, [claim.jobId]);
        return { jobId: null };
    })(db, claim,`,
  },
];

export const mutants: Readonly<Record<string, Mutant>> = {
  'guard-fence': { what: 'the fence check in the guard', patches: [guardFence] },
  'completing-fence': {
    what: 'the fence and lease checks in the completing transaction',
    patches: completingFence,
  },
  'both-fences': {
    what: 'both of these',
    patches: [guardFence, ...completingFence],
    without: ['fenced', 'verified'],
  },
  relay: {
    what: 'the relay',
    patches: [
      {
        file: 'packages/jobs/dist/relay.js',
        find: 'if (await options.lostData()) {',
        replace: 'return;\n        if (await options.lostData()) {',
      },
    ],
  },
  rescuer: {
    what: 'the rescuer',
    patches: [
      { file: 'packages/jobs/dist/rescuer.js', find: 'for (;;) {', replace: 'for (; false; ) {' },
    ],
  },
  'claim-guard': {
    what: "the claim's guard (status = 'scheduled')",
    patches: [
      {
        file: 'packages/jobs/dist/claim.js',
        find: "import { hasStatus } from './by-key.js';",
        replace: "const hasStatus = () => 'true';",
      },
    ],
  },
  pause: {
    what: 'what a pause says to the claim',
    patches: [
      {
        file: 'packages/datasets/dist/paused.js',
        find: 'EXISTS (SELECT FROM kasabi.pause p WHERE p.dataset_id IS NULL OR p.dataset_id =',
        replace: 'EXISTS (SELECT FROM kasabi.pause p WHERE false AND p.dataset_id =',
      },
    ],
  },
  reconnect: {
    what: 'leaving a Redis that was demoted',
    patches: [
      {
        file: 'packages/queue/dist/states.js',
        find: "return 'reconnect' in state && state.reconnect;",
        replace: "return 'reconnect' in state && false;",
      },
    ],
  },
  'early-start': {
    what: 'the early-start check (due <= now())',
    patches: [
      {
        file: 'packages/jobs/dist/claim.js',
        find: 'AND j.due <= now()',
        replace: '',
      },
    ],
  },
};

interface Verdict {
  readonly name: string;
  readonly caughtBy: readonly Invariant[];
  readonly detail: string;
  readonly trials: number;
}

/** Runs one mutant, or all, each until it is caught; true when each was. */
export async function runMutants(
  options: Options,
  name: string,
  log: (line: string) => void,
): Promise<boolean> {
  const names = name === 'all' ? Object.keys(mutants) : name.split(',');
  const verdicts: Verdict[] = [];
  for (const each of names) {
    const mutant = mutants[each];
    if (mutant === undefined) {
      log(`There is no mutant "${each}"; there are ${Object.keys(mutants).join(', ')}.`);
      return false;
    }
    log(`Without ${mutant.what}:`);
    const result = await run(options, {
      patches: mutant.patches,
      without: mutant.without ?? [],
      stopAtFailure: true,
      log,
      onFailure: ({ plan, violations }) => {
        for (const it of violations) log(`  trial ${plan.trial}: ${it.invariant}: ${it.detail}`);
      },
    });
    const violations = result.failed.flatMap((failed) => failed.violations);
    verdicts.push({
      name: each,
      caughtBy: [...new Set(violations.map((it) => it.invariant))],
      detail: violations[0]?.detail ?? '',
      trials: result.trials.length,
    });
    log(renderVerdicts(verdicts));
  }
  return verdicts.every((verdict) => verdict.caughtBy.length > 0);
}

function renderVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ name, caughtBy, trials }) => {
    return `| ${name} | ${mutants[name]?.what} | ${caughtBy.join(', ') || 'nothing'} | ${trials} |`;
  });
  return [
    '| mutant | switched off | caught by | after trials |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
