import type { Html } from '@kasabi/http';
import { NoSuchPage, NothingToShow } from './errors.ts';

/** The parts of a page that change by themselves, by the ids of their elements, in their order. */
export type Sections = ReadonlyMap<string, Html>;

/** What a page shows. */
export interface View {
  /** The same for pages that show the same. */
  readonly key: string;
  /** How old it may become while somebody looks, in milliseconds. */
  readonly everyMs: number;
  /** Reads and renders it; undefined when what it is about is not there. */
  read(): Promise<Sections | undefined>;
}

/** A view as it was read last. */
export interface Shown {
  readonly sections: Sections;
  /** How long ago, in milliseconds. */
  readonly ageMs: number;
  /** Why it could not be read again since. */
  readonly trouble: string | undefined;
}

/** One copy of each view for all who look at it. */
export interface Live {
  /**
   * The view, read now unless it has just been, or in any case when it is to be fresh.
   *
   * @throws NoSuchPage when what it is about is not there.
   * @throws NothingToShow when it cannot be read and never was.
   */
  show(view: View, fresh?: boolean): Promise<Shown>;
  /** Calls `tell` after each reading of the view, and returns what ends that. */
  follow(view: View, tell: (shown: Shown) => void): () => void;
  stop(): void;
}

export interface LiveOptions {
  /** How many statements were sent to Postgres so far for the views. */
  readonly statements: () => number;
  /** Says what is the matter, in a sentence. */
  readonly describe: (error: unknown) => string;
}

/** All pages that are open cost so many statements a second at most, however many there are. */
const statementsPerSecond = 3;

/** Who waits for a view is shown an older one after this many milliseconds. */
const patienceMs = 3_000;

/** A view read so recently, in milliseconds, is shown as it is. */
const openMs = 500;

/** A view nobody follows is kept so long, in milliseconds, for the time when Postgres is away. */
const keptMs = 30 * 60_000;

/** How often the views that are followed are looked through, in milliseconds. */
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
  /** When what is shown was read, and when the last reading began. */
  readAt: number;
  beganAt: number;
  trouble: string | undefined;
  reading: Promise<void> | undefined;
}

/**
 * Reads each view once for all who look at it, one after the other, at a pace that costs Postgres no
 * more with fifty pages open than with five: with more views than that allows, each becomes older.
 */
export function createLive(options: LiveOptions): Live {
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

  /** Reads a view; resolves when it is read, or has not been for a while. Never rejects. */
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

  /** Reads the view that has waited longest beyond its time. */
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
    async show(view, fresh = false) {
      const topic = topicOf(view);
      // One that began before what the page is to show was done may have missed it.
      if (fresh) await topic.reading;
      // A page that is opened shows what is true now, and a hundred opened at once cost one reading.
      if (fresh || performance.now() - topic.readAt > openMs) await refresh(topic);
      if (topic.sections !== undefined) return shownOf(topic);
      if (topic.trouble !== undefined) throw new NothingToShow(topic.trouble);
      topics.delete(view.key);
      throw new NoSuchPage('There is no such job or dataset; its record may have been pruned.');
    },
    follow(view, tellFollower) {
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
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
