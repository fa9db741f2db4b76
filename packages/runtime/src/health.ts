import { share } from './share.ts';

/** What is wrong with a dependency. */
export interface Ailment {
  /** A stable name for the metrics: `read-only`. */
  readonly state: string;
  /** The rest of a sentence that begins with the dependency's name: `is read-only`. */
  readonly what: string;
}

/** Checks whether a dependency works now; undefined if it does. */
export type Check = () => Promise<Ailment | undefined>;

/** The checks of a service's dependencies, by their names. */
export type Checks = Readonly<Record<string, Check>>;

/** What is wrong, by dependency; empty if nothing is. */
export type Ailments = ReadonlyMap<string, Ailment>;

/** A check that takes longer, in milliseconds, counts as not answered: the prober gives up as well. */
const checkTimeoutMs = 2_000;

/** A result is used for this many milliseconds, however many ask. */
const goodForMs = 1_000;

const silent: Ailment = { state: 'unreachable', what: 'does not answer' };

/** Creates a function that checks all dependencies; one check runs at a time, and its result is used for a second. */
export function createHealth(checks: Checks): () => Promise<Ailments> {
  const looks = Object.entries(checks).map(([name, check]) => [name, inTime(check)] as const);
  return share(async () => {
    const found = await Promise.all(
      looks.map(async ([name, look]) => [name, await look()] as const),
    );
    return new Map(found.filter((it): it is [string, Ailment] => it[1] !== undefined));
  }, goodForMs);
}

/** The same check, which counts as not answered if it takes too long, and until the slow one has ended. */
function inTime(check: Check): Check {
  let underWay = false;
  return async () => {
    if (underWay) return silent;
    underWay = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Ailment>((resolve) => {
      timer = setTimeout(resolve, checkTimeoutMs, silent);
    });
    const looking = check().finally(() => {
      underWay = false;
    });
    try {
      return await Promise.race([looking, late]);
    } catch {
      return silent;
    } finally {
      clearTimeout(timer);
    }
  };
}
