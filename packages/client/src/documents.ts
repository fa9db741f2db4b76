import { UnexpectedAnswer } from './errors.ts';

const statuses = ['scheduled', 'running', 'completed', 'failed'] as const;

/** The four statuses of a job. A deployment may say `succeeded`; the client reads it as `completed`. */
export type JobStatus = (typeof statuses)[number];

const reasons = ['cancelled', 'lost', 'busy', 'error'] as const;

/**
 * Why a job failed: `cancelled`, by its owner or an operator; `lost`, by workers that stopped answering; `busy`,
 * because writers or the database blocked every attempt; `error`, anything else.
 */
export type FailureReason = (typeof reasons)[number];

/** How far a running job has come; null where that is not known. */
export interface JobProgress {
  readonly quads: number;
  readonly bytes: number;
  readonly ofQuads: number | null;
  readonly ofBytes: number | null;
}

/** The file that an export has made. */
export interface ExportResult {
  /** Where it is, for the same key. */
  readonly url: string;
  /** `nq.gz` or `nq`. */
  readonly format: string;
  readonly quads: number;
  /** The size of the file. */
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly snapshotTime: string;
  readonly expires: string;
}

/** What a restore has done. */
export interface RestoreResult {
  /** How many quads the dataset has now. */
  readonly quads: number;
  /** The id of the export. */
  readonly source: string;
  /** How many quads the dataset had before. */
  readonly previousQuads: number;
}

/** What a job has left behind, by its type. */
export type JobResult = ExportResult | RestoreResult;

/** A job, as the status service describes it. Dates are RFC 3339, in UTC, to the second. */
export interface JobDocument {
  /** When it was accepted. */
  readonly created: string;
  /** The earliest time at which it starts. */
  readonly startTime: string;
  /** When it ended; null until then. */
  readonly endTime: string | null;
  readonly status: JobStatus;
  /** The status in the words of 2012: `pending`, `running`, `applied`, `failed`. */
  readonly jobStatus: string;
  readonly jobType: string;
  /** The dataset's short code. */
  readonly dataset: string;
  /** How many attempts it has had. */
  readonly attempt: number;
  /** A message for its owner, such as why it failed. */
  readonly message: string | null;
  /**
   * Why it failed; null unless it did, and from a service that does not say. An unknown reason is read as
   * `error`.
   */
  readonly reason: FailureReason | null;
  /** Null unless it is running and says how far it has come. */
  readonly progress: JobProgress | null;
  /** Null until it has completed, for jobs that make nothing, and from a service that does not say. */
  readonly result: JobResult | null;
}

/** A job that has ended, completed or failed. */
export interface EndedJobDocument extends JobDocument {
  readonly endTime: string;
  readonly status: 'completed' | 'failed';
}

/** The address of a job. */
export interface Job {
  /** Absolute. */
  readonly url: string;
  readonly id: string;
}

/** A job that was just accepted. */
export interface SubmittedJob extends Job {
  /** The job when it was accepted; undefined when the service answered with its address alone. */
  readonly document: JobDocument | undefined;
}

/** A job in a list. */
export interface ListedJob extends Job, JobDocument {}

/** A job as an argument: its address, or any object with one. */
export type JobReference = string | URL | { readonly url: string | URL };

export function hasEnded(job: JobDocument): job is EndedJobDocument {
  return job.endTime !== null && (job.status === 'completed' || job.status === 'failed');
}

/** @throws UnexpectedAnswer */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedAnswer('The service answered with something that is not valid JSON.');
  }
}

/**
 * Reads a job document from JSON, ignoring unknown members.
 *
 * @throws UnexpectedAnswer
 */
export function readJobDocument(json: string): JobDocument {
  return jobDocumentOf(readObject(parseJson(json)));
}

function jobDocumentOf(members: Members): JobDocument {
  const status = members['status'] === 'succeeded' ? 'completed' : members['status'];
  const known = statuses.find((it) => it === status);
  const attempt = members['attempt'];
  if (known === undefined) throw noDocument('status');
  if (typeof attempt !== 'number') throw noDocument('attempt');
  return {
    created: readString(members, 'created'),
    startTime: readString(members, 'startTime'),
    endTime: members['endTime'] === null ? null : readString(members, 'endTime'),
    status: known,
    jobStatus: readString(members, 'jobStatus'),
    jobType: readString(members, 'jobType'),
    dataset: readString(members, 'dataset'),
    attempt,
    message: members['message'] === null ? null : readString(members, 'message'),
    reason: readReason(members['reason']),
    progress: readMember<JobProgress>(members['progress']),
    result: readMember<JobResult>(members['result']),
  };
}

/**
 * Reads one page of a list from JSON.
 *
 * @throws UnexpectedAnswer
 */
export function readPage(json: string): ListedJob[] {
  const { jobs } = readObject(parseJson(json)) as { readonly jobs?: unknown };
  if (!Array.isArray(jobs)) throw noDocument('jobs');
  return jobs.map((job: unknown) => {
    const members = readObject(job);
    const [id, url] = [readString(members, 'id'), readString(members, 'url')];
    return { id, url, ...jobDocumentOf(members) };
  });
}

type Members = Readonly<Record<string, unknown>>;

function readObject(value: unknown): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new UnexpectedAnswer('The service answered with JSON that is not an object.');
}

/** An object as it is; null for anything else. */
const readMember = <T>(value: unknown): T | null =>
  typeof value === 'object' && value !== null ? (value as T) : null;

/** Also null from a service that does not say yet. */
function readReason(value: unknown): FailureReason | null {
  if (value === undefined || value === null) return null;
  return reasons.find((it) => it === value) ?? 'error';
}

function readString(members: Members, name: string): string {
  const value = members[name];
  if (typeof value === 'string') return value;
  throw noDocument(name);
}

function noDocument(member: string): UnexpectedAnswer {
  return new UnexpectedAnswer(
    `The service's answer is not a job document: its ${member} is missing or invalid.`,
  );
}
