import type { Html } from '@kasabi/http';
import { NoSuchPage, NothingToShow } from './errors.ts';

/** The parts of a page that update by themselves, in order, by the ids of their elements. */
export type Sections = ReadonlyMap<string, Html>;

/** Something that pages show. */
export interface View {
  /** Pages that show the same have the same key. */
  readonly key: string;
  /** How old it may get while somebody looks, in milliseconds. */
  readonly everyMs: number;
  /** Reads and renders it; undefined if its job or dataset does not exist. */
  read(): Promise<Sections | undefined>;
}

/** A view as it was last read. */
export interface Shown {
  readonly sections: Sections;
  /** How long ago it was read, in milliseconds. */
  readonly ageMs: number;
  /** Why it could not be read again since then. */
  readonly trouble: string | undefined;
}

export interface LiveOptions {
  /** How many statements the views have sent to Postgres so far. */
  readonly statements: () => number;
  /** Describes an error to operators in a sentence. */
  readonly describe: (error: unknown) => string;
}

/** All open pages together send at most this many statements a second. */
const statementsPerSecond = 3;

/** After this many milliseconds of waiting for a view, an older reading is shown. */
const patienceMs = 3_000;

/** A view that was read this recently, in milliseconds, is not read again. */
const openMs = 500;

/** How long a view that nobody follows is kept, in milliseconds, in case Postgres goes away. */
const keptMs = 30 * 60_000;

/** How often followed views are checked for their age, in milliseconds. */
const roundMs = 100;

/** A view was not read in time; the reading goes on. */
class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';
  constructor() {
    super(`Postgres did not answer within ${patienceMs} ms.`);
  }
}

interface Topic {
  readonly view: View;
  readonly followers: Set<(shown: Shown) => void>;
  sections: Sections | undefined;
  /** When the shown reading was made, and when the last reading began. */
  readAt: number;
  beganAt: number;
  trouble: string | undefined;
  reading: Promise<void> | undefined;
}

/**
 * Reads each view once for everyone who looks at it, one view after the other, at a limited pace: fifty open pages cost
 * Postgres no more than five. With more views than that pace allows, each gets older.
 */
export function createLive(options: LiveOptions) {
  const topics = new Map<string, Topic>();
  let paceUntil = 0;
  let busy = false;
  let timer: NodeJS.Timeout | undefined;

  function topicOf(view: View): Topic {
    const known = topics.get(view.key);
    if (known !== undefined) return known;
    const now = performance.now();
    for (const [key, { followers, beganAt }] of topics) {
      if (followers.size === 0 && now - beganAt > keptMs) topics.delete(key);
    }
    const topic: Topic = {
      view,
      followers: new Set(),
      sections: undefined,
      readAt: -Infinity,
      beganAt: -Infinity,
      trouble: undefined,
      reading: undefined,
    };
    topics.set(view.key, topic);
    return topic;
  }

  const shownOf = (topic: Topic): Shown => ({
    sections: topic.sections ?? new Map(),
    ageMs: performance.now() - topic.readAt,
    trouble: topic.trouble,
  });

  function tell(topic: Topic): void {
    for (const follower of topic.followers) follower(shownOf(topic));
  }

  /** Reads a view; resolves when it is read, or when that takes too long. Never rejects. */
  async function refresh(topic: Topic): Promise<void> {
    topic.reading ??= (async () => {
      const began = performance.now();
      topic.beganAt = began;
      try {
        topic.sections = await topic.view.read();
        topic.readAt = began;
        topic.trouble = undefined;
      } catch (error) {
        topic.trouble = options.describe(error);
      }
      topic.reading = undefined;
      tell(topic);
    })();
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      patience = setTimeout(() => {
        topic.trouble ??= options.describe(new NoAnswer());
        tell(topic);
        resolve();
      }, patienceMs);
    });
    await Promise.race([topic.reading, late]);
    clearTimeout(patience);
  }

  /** Reads the view that is overdue by the most. */
  async function round(): Promise<void> {
    const now = performance.now();
    if (busy || now < paceUntil) return;
    const waitedMs = ({ beganAt, view }: Topic): number => now - beganAt - view.everyMs;
    const [topic] = [...topics.values()]
      .filter((it) => it.followers.size > 0 && it.reading === undefined && waitedMs(it) >= 0)
      .sort((one, other) => waitedMs(other) - waitedMs(one));
    if (topic === undefined) return;
    busy = true;
    const before = options.statements();
    await refresh(topic);
    const spent = options.statements() - before;
    paceUntil = performance.now() + (spent * 1_000) / statementsPerSecond;
    busy = false;
  }

  return {
    /**
     * The view, read now unless it has just been read.
     *
     * @param fresh reads it in any case.
     * @throws NoSuchPage if its job or dataset does not exist.
     * @throws NothingToShow if it cannot be read and never was.
     */
    async show(view: View, fresh = false): Promise<Shown> {
      const topic = topicOf(view);
      // A reading that began before the operator's action may have missed it.
      if (fresh) await topic.reading;
      // An opened page shows the present state, and a hundred opened at once cost one reading.
      if (fresh || performance.now() - topic.readAt > openMs) await refresh(topic);
      if (topic.sections !== undefined) return shownOf(topic);
      if (topic.trouble !== undefined) throw new NothingToShow(topic.trouble);
      topics.delete(view.key);
      throw new NoSuchPage('There is no such job or dataset; a job may have been pruned.');
    },
    /** Calls `tellFollower` each time the view was read; returns a function that ends that. */
    follow(view: View, tellFollower: (shown: Shown) => void): () => void {
      const topic = topicOf(view);
      topic.followers.add(tellFollower);
      if (topic.sections !== undefined) tellFollower(shownOf(topic));
      timer ??= setInterval(() => void round(), roundMs);
      return () => {
        topic.followers.delete(tellFollower);
        if ([...topics.values()].some(({ followers }) => followers.size > 0)) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    stop(): void {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

export type Live = ReturnType<typeof createLive>;
