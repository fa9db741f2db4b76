import { distance } from 'fastest-levenshtein';

/** The candidate that is most similar to `name`, if it is similar enough to be what was meant. Case does not matter. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const limit = name.length < 6 ? 1 : 2;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    // A name of thousands of characters, from a hostile request, is not worth comparing.
    if (Math.abs(name.length - candidate.length) > limit) continue;
    const apart = distance(name.toLowerCase(), candidate.toLowerCase());
    if (apart <= limit && (best === undefined || apart < best.distance)) {
      best = { candidate, distance: apart };
    }
  }
  return best?.candidate;
}
