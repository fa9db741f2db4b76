/** The digests of keys that have opened something here: those that it is worth to remember in Redis. */
export interface KnownKeys {
  has(digest: Buffer): boolean;
  add(digest: Buffer): void;
}

/** So many are remembered; one that is forgotten is known again with its next request. */
const mostKeys = 50_000;

export function createKnownKeys(): KnownKeys {
  const known = new Set<string>();
  return {
    has: (digest) => known.has(digest.toString('base64url')),
    add(digest) {
      const name = digest.toString('base64url');
      if (known.has(name)) return;
      known.add(name);
      if (known.size <= mostKeys) return;
      const [oldest = ''] = known;
      known.delete(oldest);
    },
  };
}
