/**
 * Waits for statements that were sent one behind the other on a connection in pipeline mode, in a
 * transaction that is open already: one round trip for all of them. On any other connection they are sent
 * one after the other.
 *
 * Nothing that follows a failed statement takes effect, since Postgres refuses it (25P02); so it is the
 * first failure in their order that tells what happened. What is sent so must not depend on what those
 * before it return, for nobody has looked at that yet.
 *
 * @throws what the first of them, in this order, rejects with; when all have ended.
 */
export async function pipelined<T extends readonly unknown[]>(
  ...statements: { readonly [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const settled = await Promise.allSettled(statements);
  const failed = settled.find((it) => it.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((it) => (it as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
