import { distance } from 'fastest-levenshtein';

/** The candidate nearest to `name`, if it is near enough to have been meant. Case does not count. */
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
