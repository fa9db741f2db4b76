import { type JobDocument, readJobDocument, type SubmittedJob } from './documents.ts';
import { InvalidArgument, UnexpectedAnswer } from './errors.ts';
import type { Answer, Transport } from './transport.ts';

export interface SubmitOptions {
  /** `reset` unless set. */
  readonly jobType?: 'reset' | 'export' | (string & Record<never, never>) | undefined;
  /** Those that only jobs of this type have, such as the `format` of an export. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** The earliest start; as soon as possible unless set. A string is RFC 3339 with its offset. */
  readonly startTime?: Date | string | undefined;
  /**
   * Identifies the request: asking twice with one key makes one job. Unless set, each call makes its own and uses it
   * for all its retries. Set it if the request may outlive the process. The service keeps it for a day.
   */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks for a job. */
export async function submit(
  transport: Transport,
  dataset: string,
  options: SubmitOptions = {},
): Promise<SubmittedJob> {
  const { jobType = 'reset', startTime, parameters = {} } = options;
  const { idempotencyKey = crypto.randomUUID() } = options;
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new InvalidArgument('idempotencyKey must be 1 to 255 visible ASCII characters.');
  }
  const answer = await transport.send({
    method: 'POST',
    url: transport.addresses.submit(dataset),
    headers: { 'Idempotency-Key': idempotencyKey },
    body: JSON.stringify({ ...parameters, jobType, startTime: formatStartTime(startTime) }),
    signal: options.signal,
  });
  const location = answer.headers.get('location');
  if (answer.status !== 202 || location === null) {
    throw new UnexpectedAnswer(
      `The service answered ${answer.status} ${location === null ? 'without' : 'with'} a Location, not 202 with one.`,
    );
  }
  const url = transport.addresses.given(location, answer.url);
  const id = url.pathname.split('/').filter(Boolean).at(-1) ?? '';
  return { url: url.href, id, document: documentIn(answer) };
}

function formatStartTime(startTime: Date | string | undefined): string | undefined {
  if (!(startTime instanceof Date)) return startTime;
  // Years beyond 9999, which RFC 3339 cannot express, begin with a sign.
  if (Number.isNaN(startTime.getTime()) || !/^\d/.test(startTime.toISOString())) {
    throw new InvalidArgument('startTime is not a valid date in the years 0 to 9999.');
  }
  return startTime.toISOString();
}

/** The document of an answer, which may also be the job's address in plain text. */
export function documentIn(answer: Answer): JobDocument | undefined {
  const type = answer.headers.get('content-type') ?? '';
  return /^application\/json\b/i.test(type) ? readJobDocument(answer.text) : undefined;
}
