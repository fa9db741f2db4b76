/** What the load process is told, as JSON on its standard input. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /**
   * `saturate`: every connection sends its next request when it has its answer, which measures throughput.
   * Otherwise requests a second at a constant rate, whatever the answers do, which measures latency.
   */
  readonly rate: number | 'saturate';
  /** Load before this many milliseconds have passed is not counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Complete HTTP/1.1 requests, sent in turn. */
  readonly requests: readonly string[];
  /** The status that every answer must have. */
  readonly expect: number;
}

/** What the load process answers, as JSON on its standard output. Latencies are milliseconds. */
export interface LoadReport {
  readonly answered: number;
  /** With those of the warm-up. */
  readonly answeredInAll: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers with another status than the expected. */
  readonly wrong: number;
  /** Processor time of the load process itself, in cores. */
  readonly ownCores: number;
}

/** What the process with the waiting clients is told. */
export interface WaitersOrder {
  readonly port: number;
  /** Complete HTTP/1.1 requests, each sent on a connection of its own. */
  readonly requests: readonly string[];
  /** What is in the answer, or the event, that a client waits for. */
  readonly until: string;
}

/** What it answers when all have heard: when each did, in the order in which they did, in milliseconds since 1970. */
export interface WaitersReport {
  readonly answeredAt: readonly number[];
}
