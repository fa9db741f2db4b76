import { cancel } from './cancel.ts';
import type {
  EndedJobDocument,
  JobDocument,
  JobReference,
  ListedJob,
  SubmittedJob,
} from './documents.ts';
import { type ListOptions, list } from './list.ts';
import { type ClientOptions, readSettings } from './settings.ts';
import { type SignalOption, status } from './status.ts';
import { type SubmitOptions, submit } from './submit.ts';
import { createTransport } from './transport.ts';
import { type WaitOptions, wait } from './wait.ts';
import { watch } from './watch.ts';

/**
 * The Jobs API for one owner. Every method may also throw `InvalidArgument`, `ConnectionFailed`,
 * `RequestTimedOut`, `UnexpectedAnswer`, `UntrustedAddress`, `RequestRefused` with the service's own code,
 * and the reason of its signal, which ends everything at once.
 *
 * Temporary failures (429, 502, 503, 504, no answer) are retried, no sooner than `Retry-After` says; then the
 * last error is thrown. An error that asks for more than five minutes is thrown at once.
 */
export interface Client {
  /**
   * Asks for a job and resolves when it is accepted. It is one job, however often the request was sent.
   *
   * @throws RequestRefused among others with the codes `unauthorized`, `not-found`, `invalid-parameter`,
   *   `too-many-open-jobs` (never retried, whatever its status), `idempotency-key-reused` for a key that was
   *   already used for another request, and `idempotency-in-flight` when another request with it does not end.
   */
  submit(dataset: string, options?: SubmitOptions): Promise<SubmittedJob>;

  /** Fetches a job as it is now. */
  status(job: JobReference, options?: SignalOption): Promise<JobDocument>;

  /**
   * Resolves when a job has ended. A failed job is not an error here: look at `status`.
   *
   * @throws WaitTimedOut when that takes longer than `timeoutMs`; the job keeps running.
   */
  wait(job: JobReference, options?: WaitOptions): Promise<EndedJobDocument>;

  /**
   * Yields a job as it is, again whenever it changes, and ends when the job does. A broken connection only costs the
   * time to open another; of two changes meanwhile, only the second may be seen.
   */
  watch(job: JobReference, options?: SignalOption): AsyncIterable<JobDocument>;

  /** All jobs of a dataset, newest first, fetched page by page as they are read. */
  list(dataset: string, options?: ListOptions): AsyncIterable<ListedJob>;

  /**
   * Cancels a job that has not started and resolves with its document: `failed`, with a message that says who
   * cancelled it. Also resolves when it was already cancelled.
   *
   * @throws RequestRefused with the code `not-scheduled` when it is running or has ended.
   */
  cancel(job: JobReference, options?: SignalOption): Promise<EndedJobDocument>;
}

/**
 * Makes a client. It keeps no connection of its own and needs no closing.
 *
 * @throws InvalidArgument
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(readSettings(options));
  return {
    submit: (dataset, submitOptions) => submit(transport, dataset, submitOptions),
    status: (job, signalOption) => status(transport, job, signalOption),
    wait: (job, waitOptions) => wait(transport, job, waitOptions),
    watch: (job, signalOption = {}) => watch(transport, job, { signal: signalOption.signal }),
    list: (dataset, listOptions) => list(transport, dataset, listOptions),
    cancel: (job, signalOption) => cancel(transport, job, signalOption),
  };
}
