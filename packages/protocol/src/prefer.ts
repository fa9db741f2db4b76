/**
 * How many seconds a `Prefer: wait=N` header (RFC 7240, section 4.3) asks the server to wait, at most
 * `most`; undefined when it does not ask, or not in that form: a preference is never an error.
 */
export function parsePreferWait(header: string | undefined, most: number): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?=$|[,;])/i.exec(header ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), most);
}
