// What a service's preload and the driver say to each other: one JSON object a line, over TCP.
import type { Point } from './points.ts';

/** From the preload. */
export type Report =
  | { readonly type: 'hello'; readonly service: string; readonly pid: number }
  /** A named point is reached; the service stays there until the driver answers `go`. */
  | ({ readonly type: 'point'; readonly seq: number; readonly point: Point } & Whereabouts)
  /** Something to note; the service does not wait. */
  | ({ readonly type: 'note'; readonly note: Note } & Whereabouts);

/** What a worker does with a delivery when it is done with it: it is dropped, or comes again later. */
export type Note = 'dropped' | 'given-back';

export interface Whereabouts {
  readonly jobId: string;
  /** The short code of the job's dataset; '' when the process has not heard of it. */
  readonly dataset: string;
}

/** From the driver. */
export type Order =
  | { readonly type: 'go'; readonly seq: number }
  | { readonly type: 'skew'; readonly ms: number };
