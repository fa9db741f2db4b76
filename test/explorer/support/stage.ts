import type { Actor, Run } from './actors.ts';
import type { Laboratory, Observation, Setup } from './laboratory.ts';
import { createSession, type Session } from './session.ts';
import { settle } from './settle.ts';
import { type Statement, withoutTimeouts } from './statement.ts';

export interface Scenario {
  readonly setup: Setup;
  readonly actors: Readonly<Record<string, Actor>>;
}

/** The sessions of a scenario, and the run that they are in. */
export interface Stage {
  readonly sessions: readonly Session[];
  /** The sessions that can go on, by name. */
  readonly able: readonly string[];
  /** The steps of this run so far, in words. */
  readonly told: readonly string[];
  /** Begins a run. */
  begin(): Promise<void>;
  /** Lets a session send its next statement, until nothing moves any more. */
  step(name: string): Promise<void>;
  observe(): Promise<Observation>;
  /** Where each session is, and what it has been told. */
  places(): unknown;
  /** Ends the run where it is. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

export function createStage(
  laboratory: Laboratory,
  { setup, actors }: Scenario,
  rewrite: (statement: Statement) => Statement,
): Stage {
  const { url } = laboratory.fixture.database;
  const sessions = Object.entries(actors).map(([name, { role }]) =>
    createSession({ name, role, url, rewrite: (it) => rewrite(withoutTimeouts(it)) }),
  );
  let told: string[] = [];
  let run: Run | undefined;

  async function settled(): Promise<void> {
    await settle(sessions, laboratory);
    const surprise = run?.surprises[0];
    if (surprise !== undefined) throw surprise;
  }

  return {
    sessions,
    get able() {
      return sessions.filter((it) => it.state === 'parked').map((it) => it.name);
    },
    get told() {
      return told;
    },
    async begin() {
      await laboratory.reset(setup);
      told = [];
      run = { laboratory, claims: new Map(), surprises: [] };
      for (const session of sessions) {
        const { script, faults = {} } = (actors[session.name] as Actor).prepare(session, run);
        session.start(script, faults);
      }
      await settled();
    },
    async step(name) {
      const session = sessions.find((it) => it.name === name && it.state === 'parked');
      if (session === undefined) throw new Error(`${name} cannot go on after ${told}.`);
      told.push(`${name}: ${session.step()}`);
      await settled();
    },
    observe: () =>
      laboratory.observe((pid) => sessions.find((session) => session.pid === pid)?.name),
    places: () =>
      sessions.map(({ state, outcome, inFlight, history }) => [state, outcome, inFlight, history]),
    async abandon() {
      // All at once: one may wait for what another has locked.
      await Promise.all(sessions.map((session) => session.abandon()));
    },
    async close() {
      await Promise.all(sessions.map((session) => session.pool.end()));
    },
  };
}
