/**
 * How many seconds a `Prefer: wait=N` header (RFC 7240, section 4.3) asks the server to wait, at most `most`;
 * undefined if it does not ask for that, or in another form: a preference is never an error.
 */
export function parsePreferWait(header: string | undefined, most: number): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?=$|[,;])/i.exec(header ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), most);
}
