/** Counts how many there are of each subject now. A subject with none takes no memory. */
export function createCounts() {
  const counts = new Map<string, number>();
  const of = (subject: string): number => counts.get(subject) ?? 0;
  return {
    of,
    change(subject: string, by: 1 | -1): void {
      const count = of(subject) + by;
      if (count === 0) counts.delete(subject);
      else counts.set(subject, count);
    },
  };
}
