/** A seeded source of choices. The same seed gives the same choices, in every version of Node. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Makes a source from numbers that are mixed, say a run's seed and a trial's number. */
export function createRandom(...seeds: readonly number[]): Random {
  // FNV-1a over the seeds' bytes, so that neighbours are strangers.
  let state = 0x811c9dc5;
  for (const seed of seeds) {
    for (let shift = 0; shift < 32; shift += 8) {
      state = Math.imul(state ^ ((seed >>> shift) & 0xff), 0x01000193);
    }
  }
  // mulberry32
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)] as never,
    shuffle(items) {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = integer(0, last);
        const moved = shuffled[last] as never;
        shuffled[last] = shuffled[other] as never;
        shuffled[other] = moved;
      }
      return shuffled;
    },
  };
}
