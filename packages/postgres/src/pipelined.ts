/**
 * Waits for statements that were sent one after another on a connection in pipeline mode, in a transaction that
 * is already open: one round trip for all of them. On any other connection each is sent when the one before has
 * ended.
 *
 * Nothing that follows a failed statement takes effect, since Postgres refuses it (25P02); so the first failure
 * in their order tells what happened. Statements sent this way must not depend on the results of earlier ones,
 * because those have not been read yet.
 *
 * @throws the error of the first one in this order that fails, when all have ended.
 */
export async function pipelined<T extends readonly unknown[]>(
  ...statements: { readonly [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const settled = await Promise.allSettled(statements);
  const failed = settled.find((it) => it.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((it) => (it as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
