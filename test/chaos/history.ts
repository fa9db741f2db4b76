/** What the suite did and saw, in the order of time. */
export interface Happening {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export class History {
  readonly #happenings: Happening[] = [];

  note(text: string, at = Date.now()): void {
    this.#happenings.push({ at, text });
  }

  /** One line for each, with milliseconds from the first on. */
  render(): string {
    const sorted = this.#happenings.toSorted((a, b) => a.at - b.at);
    const begin = sorted[0]?.at ?? 0;
    return sorted
      .map(({ at, text }) => `${String(Math.round(at - begin)).padStart(7)} ms  ${text}`)
      .join('\n');
  }
}
