/** What the flooding process is told, as JSON on its standard input. */
export interface FloodOrder {
  readonly port: number;
  /** Addresses of this host to come from, in turn: all of 127.0.0.0/8 are. */
  readonly from: readonly string[];
  /** Most connections at a time. */
  readonly connections: number;
  /** Most requests under way on one connection; all of them are sent at once. */
  readonly depth: number;
  readonly perSecond: number;
  /** It stops after so many requests, though its connections stay open. */
  readonly requests: number;
  readonly durationMs: number;
  /** A complete HTTP/1.1 request; `{n}` is another number in each, from 0 to 255 `{byte}`. */
  readonly request: string;
}

/** What the flooding process answers, as JSON on its standard output. */
export interface FloodReport {
  readonly sent: number;
  /** Answers by their status; streams count when they begin. */
  readonly answers: Readonly<Record<string, number>>;
  /** Connections that the server closed or did not take. */
  readonly closed: number;
  /** The most that were open at a time. */
  readonly open: number;
}
