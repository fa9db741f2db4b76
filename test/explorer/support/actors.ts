import { DatasetBusy, publishDataset } from '@kasabi/datasets';
import { type Claim, cancel, heartbeat, rescue } from '@kasabi/jobs';
import { cancelAsOperator, pauseAsOperator, unlockAsOperator } from '@kasabi/operations';
import { isGuardRefusal, type Role, withTransaction } from '@kasabi/postgres';
import { createDeliveries, ShuttingDown } from '@kasabi/worker/deliveries';
import { createReset } from '@kasabi/worker/handlers/reset';
import pg from 'pg';
import { jobId, type Laboratory } from './laboratory.ts';
import type { Faults, Session } from './session.ts';

/** Who takes part in a scenario: a session of a role with a script of the product's own functions. */
export interface Actor {
  readonly role: Role | undefined;
  /** Makes the script for one run; its outcome is compared between runs, and judged. */
  prepare(session: Session, run: Run): { readonly script: () => Promise<string>; faults?: Faults };
}

/** What the actors of one run share. */
export interface Run {
  readonly laboratory: Laboratory;
  /** By worker, the attempt it has claimed. */
  readonly claims: Map<string, Claim>;
  /** What a worker met that no scenario has in store for it. */
  readonly surprises: Error[];
}

export interface WorkerOptions {
  /** Of which job it gets a delivery; 0 unless set. */
  readonly job?: number;
  /** Its lease has expired the moment it is taken: a rescuer may come at any time after. */
  readonly leaseIsLost?: boolean;
  /** What it comes to instead of clearing: a transient error, another, or the end of its process. */
  readonly insteadOfClearing?: 'retries' | 'fails' | 'shuts down';
  /** Of the process it shares with another worker. */
  readonly holder?: string;
  readonly truncates?: boolean;
}

const nothing = (): undefined => undefined;

/** Any other error of a worker is a mistake of this test, which the worker would make a failed job of. */
const foreseen = (error: Error & { readonly code?: string }): boolean =>
  error instanceof pg.DatabaseError ||
  [
    'lease-lost',
    'fenced-out',
    'dataset-busy',
    'shutting-down',
    'abandoned',
    'broken-handler',
  ].includes(error.code ?? '');

const brokenHandler = Object.assign(new Error('It is broken.'), { code: 'broken-handler' });

/** A worker that gets one delivery, and does with it what the service does. */
export function worker(options: WorkerOptions = {}): Actor {
  const { job = 0, leaseIsLost = false, insteadOfClearing, truncates = false } = options;
  return {
    role: 'worker',
    prepare(session, { laboratory, claims, surprises }) {
      const abort = new AbortController();
      const judge = ({ err }: { readonly err: Error }): void => {
        if (!foreseen(err)) surprises.push(err);
      };
      const log = { child: () => log, info: nothing, debug: nothing, warn: judge, error: judge };
      const deliver = createDeliveries({
        ...{ pool: session.pool, upkeep: laboratory.fixture.worker, log },
        holder: options.holder ?? session.name,
        leases: {
          keep(claim: Claim) {
            claims.set(session.name, claim);
            return { signal: abort.signal, end: nothing };
          },
        },
        ...{ promote: async () => undefined, checkDatabase: async () => undefined },
        clock: { compare: (ask: () => Promise<unknown>) => ask() },
        metrics: {
          ...{ snoozed: nothing, claimed: nothing, ended: nothing },
          ...{ lockWaited: nothing, cleared: nothing },
        },
        // Whoever waits does so until it is its turn: no timeout has a say.
        settings: {
          ...{ LEASE_MS: leaseIsLost ? -600_000 : 600_000 },
          ...{ RETRY_HOURS: 1, MAX_ATTEMPTS: 5 },
        },
        handlers: {
          reset: createReset(
            {
              ...{ lockTimeoutMs: 600_000, truncateTries: 1, truncateTimeoutMs: 600_000 },
              truncateFromBytes: truncates ? 0 : 1_000_000_000,
            },
            undefined as never,
          ),
        },
      } as never);
      const instead = (): Error => {
        if (insteadOfClearing === 'retries') return new DatasetBusy(1, { cause: undefined });
        if (insteadOfClearing === 'fails') return brokenHandler;
        abort.abort(new ShuttingDown('The worker shuts down.'));
        return abort.signal.reason;
      };
      return {
        script: async () => {
          const verdict = await deliver(jobId(job));
          return verdict === 'done' ? 'done' : 'snoozed';
        },
        ...(insteadOfClearing !== undefined && { faults: { 'enter-clearing': instead } }),
      };
    },
  };
}

const simple = (role: Role | undefined, script: (session: Session, run: Run) => Promise<string>) =>
  ({
    role,
    prepare: (session, run) => ({ script: () => script(session, run) }),
  }) satisfies Actor;

/** A job that has lost `maxAttempts` attempts fails. */
export const rescuer = (maxAttempts = 3): Actor =>
  simple('worker', async ({ pool }) => {
    const rescued = await rescue(pool, { maxAttempts, limit: 100 });
    return rescued.map((it) => it.status).join();
  });

/** Extends the lease of a worker's attempt, if it has claimed one when this begins. */
export const heartbeatOf = (name: string): Actor =>
  simple('worker', async (session, { claims }) => {
    await session.turn('beat');
    const claim = claims.get(name);
    if (claim === undefined) return 'idle';
    const kept = await heartbeat(session.pool, [claim], 600_000);
    return kept.get(claim.jobId) ?? 'lost';
  });

export const owner = (job = 0): Actor =>
  simple('api', async ({ pool }, { laboratory: { fixture, dataset } }) => {
    const { keyDigest } = fixture;
    const asked = { keyDigest, datasetCode: dataset.code, jobId: jobId(job) };
    return `${(await cancel(pool, asked)).outcome} ${jobId(job)}`;
  });

export const operator = (job = 0): Actor =>
  simple('api', async ({ pool }) => {
    const asked = { jobId: jobId(job), operatorAddress: 'here' };
    const { outcome } = await cancelAsOperator(pool, asked);
    return `${outcome === 'done' ? 'cancelled' : outcome} ${jobId(job)}`;
  });

export const pauser: Actor = simple('api', async ({ pool }) => {
  const answer = await pauseAsOperator(pool, { operatorAddress: 'here' });
  return answer.outcome === 'done' && answer.unsettled === 0 ? 'paused' : 'unsettled';
});

/** Unlocks the dataset if the job that holds it has ended. */
export const unlocker: Actor = simple('api', async ({ pool }, { laboratory }) => {
  const asked = { dataset: laboratory.dataset.code, operatorAddress: 'here' };
  return (await unlockAsOperator(pool, asked)).outcome;
});

/** Publishes the dataset, which takes the locks that a job takes. */
export const publisher: Actor = simple(undefined, async ({ pool }, { laboratory }) => {
  return (await publishDataset(pool, laboratory.dataset.code)).status;
});

export interface WriterOptions {
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ';
  /** It says that it carries the first lock of the dataset, of which it does not know the secret. */
  readonly forges?: boolean;
}

/** The dataset's owner, who loads data in a transaction that has read something before. */
export const writer = ({
  isolation = 'READ COMMITTED',
  forges = false,
}: WriterOptions = {}): Actor =>
  simple(undefined, async (session, { laboratory: { table, dataset } }) => {
    const client = await session.pool.connect();
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      // It reads what shows how old its snapshot is: two states that differ in nothing else are not the same.
      if (isolation === 'REPEATABLE READ') await client.query('SELECT fence FROM kasabi.dataset');
      if (forges) {
        await client.query(`SELECT set_config('kasabi.fence', '${dataset.id}:1:guessed', true)`);
      }
      await client.query(`INSERT INTO ${table} VALUES ('new', 'p', 'o')`);
      await client.query('COMMIT');
      return 'written';
    } catch (error) {
      await client.query('ROLLBACK');
      if (isGuardRefusal(error)) return 'refused';
      throw error;
    } finally {
      client.release();
    }
  });

/** Somebody who keeps a job's record locked for a while, and changes nothing. */
export const keeper: Actor = simple(undefined, ({ pool }) =>
  withTransaction(pool, async (client) => {
    await client.query(`SELECT FROM kasabi.job WHERE id = '${jobId(0)}' FOR UPDATE`);
    return 'kept';
  }),
);
