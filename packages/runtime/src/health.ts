import { share } from './share.ts';

/** What is wrong with a dependency. */
export interface Ailment {
  /** A name that does not change, for the metrics: `read-only`. */
  readonly state: string;
  /** As a sentence goes on after the dependency's name: `is read-only`. */
  readonly what: string;
}

/** Looks whether a dependency would do its work now; undefined when it would. */
export type Check = () => Promise<Ailment | undefined>;

/** A service's dependencies, by their names. */
export type Checks = Readonly<Record<string, Check>>;

/** What is wrong, by dependency; empty when all is well. */
export type Ailments = ReadonlyMap<string, Ailment>;

/** A dependency that takes longer, in milliseconds, does not answer: the prober gives up, too. */
const checkTimeoutMs = 2_000;

/** What was found is told for so many milliseconds, however many ask. */
const goodForMs = 1_000;

const silent: Ailment = { state: 'unreachable', what: 'does not answer' };

/** Makes what looks at all dependencies; one look is under way at a time, and is good for a second. */
export function createHealth(checks: Checks): () => Promise<Ailments> {
  const looks = Object.entries(checks).map(([name, check]) => [name, inTime(check)] as const);
  return share(async () => {
    const found = await Promise.all(
      looks.map(async ([name, look]) => [name, await look()] as const),
    );
    return new Map(found.filter((it): it is [string, Ailment] => it[1] !== undefined));
  }, goodForMs);
}

/** The same check, silent when it takes too long, and until the one that does has ended. */
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
