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
 * The Jobs API, as one owner. Every method may also throw `InvalidArgument`, `ConnectionFailed`,
 * `RequestTimedOut`, `UnexpectedAnswer`, `UntrustedAddress`, `RequestRefused` with the service's own code,
 * and the reason of its signal, which ends everything at once.
 *
 * What fails for the moment (429, 502, 503, 504, no answer) is tried again, no sooner than `Retry-After`
 * says; then the last error is thrown. An error that asks for more than five minutes is thrown at once.
 */
export interface Client {
  /**
   * Asks for a job and resolves when it is accepted. However often it had to be sent, it is one job.
   *
   * @throws RequestRefused among others with the codes `unauthorized`, `not-found`, `invalid-parameter`,
   *   `too-many-open-jobs` (never tried again, whatever its status), `idempotency-key-reused` for a key that
   *   stood for something else, and `idempotency-in-flight` when another request under it does not end.
   */
  submit(dataset: string, options?: SubmitOptions): Promise<SubmittedJob>;

  /** How a job is now. */
  status(job: JobReference, options?: SignalOption): Promise<JobDocument>;

  /**
   * Resolves when a job has ended. One that failed is no error here: look at `status`.
   *
   * @throws WaitTimedOut when that takes longer than `timeoutMs`; the job goes on.
   */
  wait(job: JobReference, options?: WaitOptions): Promise<EndedJobDocument>;

  /**
   * A job as it is, and again whenever it changes; ends with its end. What is lost in a connection that
   * breaks is the time to open another; a job that changed twice meanwhile may show the second only.
   */
  watch(job: JobReference, options?: SignalOption): AsyncIterable<JobDocument>;

  /** All jobs of a dataset, the newest first, fetched page by page as they are read. */
  list(dataset: string, options?: ListOptions): AsyncIterable<ListedJob>;

  /**
   * Calls off a job that has not begun and resolves with its document: `failed`, with a message that says
   * who did it. Resolves, too, when it was cancelled before.
   *
   * @throws RequestRefused with the code `not-scheduled` when it runs or has ended.
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
