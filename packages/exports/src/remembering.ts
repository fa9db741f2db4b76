/** Content whose error can be told from that of the store it is written to. */
export function remembering(content: AsyncIterable<Uint8Array>) {
  let failure: { readonly error: unknown } | undefined;
  async function* passedOn(): AsyncGenerator<Uint8Array> {
    try {
      yield* content;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return {
    content: passedOn(),
    /** @throws what the content has failed with. */
    throwIfFailed(): void {
      if (failure !== undefined) throw failure.error;
    },
  };
}
