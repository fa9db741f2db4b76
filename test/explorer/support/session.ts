import { createPool, type Role, roleUrl } from '@kasabi/postgres';
import type pg from 'pg';
import { intercept } from './intercept.ts';
import { describeFailure, describeResult, labelOf, type Statement } from './statement.ts';

/** A statement that was not sent, because the run it belongs to is over. */
export class Abandoned extends Error {
  readonly code = 'abandoned';
}

export interface SessionOptions {
  /** The superuser's URL of the database. */
  readonly url: string;
  /** Its application_name, by which the log of changes knows it. */
  readonly name: string;
  readonly role: Role | undefined;
  /** What is sent in place of a statement: guards are switched off here. */
  readonly rewrite: (statement: Statement) => Statement;
}

/** Failures to be had in place of a statement, by the statement's name. */
export type Faults = Readonly<Record<string, () => Error>>;

/**
 * A connection of its own that stops before each statement until it is told to go on. Several statements
 * that are sent at once stop one behind the other, as Postgres takes them.
 */
export interface Session {
  readonly name: string;
  readonly pool: pg.Pool;
  /** The process that serves it. */
  readonly pid: number;
  /** What it has been told so far: what its code does next depends on nothing else. */
  readonly history: readonly string[];
  /** SQLSTATEs of the statements that failed. */
  readonly failures: readonly string[];
  readonly state: 'running' | 'parked' | 'done';
  /** Whether Postgres has a statement of its now. */
  readonly inFlight: boolean;
  /** What its code resolved with, or the name of what it threw. */
  readonly outcome: string | undefined;
  /** Runs a script; `faults` hold for it alone. */
  start(script: () => Promise<string>, faults: Faults): void;
  /** Parks as though before a statement: where a script's own decision is made. */
  turn(label: string): Promise<void>;
  /** Sends the statement it is parked before; returns what that is called. */
  step(): string;
  /** Notes that the statement in flight had to wait for a lock. */
  noteWait(): void;
  /** Refuses all that is not yet sent but ROLLBACK; resolves when the script has ended. */
  abandon(): Promise<void>;
  /** Resolves when its state may have changed. */
  changed(): Promise<void>;
}

interface Pending {
  readonly label: string;
  readonly statement: Statement | undefined;
  readonly run: () => Promise<unknown>;
  readonly refuse: (error: Error) => void;
}

/** What asks again and again until it likes the answer: the same answer twice is the same state. */
const isPoll = ({ text }: Statement): boolean => text.includes('FROM pg_catalog.pg_locks');

export function createSession(options: SessionOptions): Session {
  const { name, url, role } = options;
  const pool = createPool({
    ...{ url: role === undefined ? url : roleUrl(url, role), applicationName: name },
    ...{ max: 1, pipeline: role === 'worker', maxLifetimeSeconds: 3_600 },
    onIdleError: () => undefined,
  });
  let pid = 0;
  let queue: Pending[] = [];
  let inFlight = false;
  let waited = false;
  let transaction: 'none' | 'open' | 'failed' = 'none';
  let abandoned = false;
  let history: string[] = [];
  let failures: string[] = [];
  let faults: Faults = {};
  let script: Promise<void> | undefined;
  let outcome: string | undefined;
  let tell: () => void = () => undefined;
  let change = new Promise<void>((resolve) => {
    tell = resolve;
  });

  function noteChange(): void {
    tell();
    change = new Promise((resolve) => {
      tell = resolve;
    });
  }

  pool.on('connect', (client) => {
    pid = (client as unknown as { readonly processID: number }).processID;
    intercept(client, options.rewrite, enqueue);
  });

  function enqueue(statement: Statement | undefined, query: () => Promise<unknown>, label = '') {
    return new Promise<unknown>((resolve, reject) => {
      queue.push({
        label: statement === undefined ? label : labelOf(statement),
        statement,
        run: async () => {
          const sending = statement === undefined ? query() : observed(statement, query());
          await sending.then(resolve, reject);
          inFlight = false;
          pump();
          noteChange();
        },
        refuse: reject,
      });
      pump();
      noteChange();
    });
  }

  /** Sends or refuses what need not stop. */
  function pump(): void {
    for (let head = queue[0]; head !== undefined && !inFlight; head = queue[0]) {
      const verb = head.statement?.text.trim() ?? '';
      const fault = faults[head.statement?.name ?? ''];
      if (abandoned && verb !== 'ROLLBACK') {
        queue.shift();
        head.refuse(new Abandoned());
      } else if (fault !== undefined) {
        queue.shift();
        history.push(`${head.label}: fault`);
        head.refuse(fault());
      } else if (abandoned || passes(verb)) send();
      else return;
    }
  }

  /**
   * BEGIN takes no snapshot and no lock: what it fixes is now(), and no two times of a scenario are less than
   * minutes apart. A transaction that has failed refuses whatever comes before its ROLLBACK.
   */
  const passes = (verb: string): boolean =>
    verb.startsWith('BEGIN') || (transaction === 'failed' && !verb.startsWith('ROLLBACK'));

  function send(): void {
    const head = queue.shift() as Pending;
    inFlight = true;
    waited = false;
    void head.run();
  }

  function settled(statement: Statement, told: string, failed: boolean): void {
    const verb = statement.text.trim();
    if (failed) transaction = transaction === 'none' ? 'none' : 'failed';
    else if (verb.startsWith('BEGIN')) transaction = 'open';
    else if (verb.startsWith('ROLLBACK TO')) transaction = 'open';
    else if (verb === 'COMMIT' || verb === 'ROLLBACK') transaction = 'none';
    const entry = `${labelOf(statement)}: ${told}${waited ? ' waited' : ''}`;
    if (!(isPoll(statement) && history.at(-1) === entry)) history.push(entry);
    // Whether it waited tells which rows an open transaction has locked; nothing after its end.
    if (transaction === 'none') history = history.map((it) => it.replace(/ waited$/, ''));
  }

  const observed = (statement: Statement, sending: Promise<unknown>): Promise<unknown> =>
    sending.then(
      (result) => {
        settled(statement, describeResult(result as pg.QueryResult), false);
        return result;
      },
      (error: unknown) => {
        const told = describeFailure(error);
        // What a failed transaction refuses says nothing.
        if (told !== '25P02') failures.push(told);
        settled(statement, told, true);
        throw error;
      },
    );

  return {
    ...{ name, pool },
    get pid() {
      return pid;
    },
    get history() {
      return history;
    },
    get failures() {
      return failures;
    },
    get state() {
      if (outcome !== undefined) return 'done';
      return queue.length > 0 && !inFlight ? 'parked' : 'running';
    },
    get inFlight() {
      return inFlight;
    },
    get outcome() {
      return outcome;
    },
    start(work, given) {
      [queue, history, failures, faults] = [[], [], [], given];
      [outcome, abandoned, transaction] = [undefined, false, 'none'];
      script = work().then(
        (result) => {
          outcome = result;
          noteChange();
        },
        (error: unknown) => {
          outcome = describeFailure(error);
          noteChange();
        },
      );
    },
    async turn(label) {
      await enqueue(undefined, async () => history.push(label), label);
    },
    step() {
      const label = queue[0]?.label ?? '';
      send();
      return label;
    },
    noteWait() {
      waited = true;
    },
    async abandon() {
      abandoned = true;
      pump();
      await script;
    },
    changed: () => change,
  };
}
