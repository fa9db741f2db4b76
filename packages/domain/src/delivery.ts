/** What the queue is handed: which job to deliver and when. Times are milliseconds since the epoch. */
export interface Delivery {
  readonly jobId: string;
  /** Attempts the job has had when it is handed over; a rescued job gets a delivery of its own. */
  readonly attempt: number;
  /** When the job is due, by Postgres's clock. */
  readonly due: number;
  /** The trace of the request that asked for the job, if it was traced: a W3C traceparent. */
  readonly trace?: string | null | undefined;
}

/** Hands deliveries to the queue; rejects when any of them may not have arrived. */
export type Enqueue = (deliveries: readonly Delivery[]) => Promise<void>;
