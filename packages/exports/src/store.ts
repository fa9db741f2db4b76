import type { Readable } from 'node:stream';
import type { ExportFormat } from '@kasabi/domain';

/** Something in a store that an attempt has made: an object, or one that was not finished. */
export interface StoredObject {
  readonly jobId: string;
  readonly object: string;
  /** What the store calls it while it is unfinished; undefined for a whole object. */
  readonly unfinished?: string;
}

/** The first and the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a client that downloads an object is told about it. */
export interface Presentation {
  readonly contentType: string;
  readonly contentDisposition: string;
}

/** Keeps the files of exports. Every operation rejects with `StoreUnavailable` if the store fails. */
export interface ExportStore {
  /** Where it is, for operators; without credentials. */
  readonly place: string;
  /** Writes an object. When this resolves, it is durable and whole; when it rejects, nobody can see it. */
  write(object: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** @throws ObjectMissing */
  read(object: string, range: ByteRange): Promise<Readable>;
  /** An address from which anybody can download the object for some minutes; undefined if the store has none. */
  readonly sign: ((object: string, as: Presentation) => Promise<string>) | undefined;
  /** Everything that attempts have made, whole or not. */
  list(): AsyncIterable<StoredObject>;
  /** Removes an object, or what is there of one; one that is gone already is not an error. */
  remove(stored: StoredObject): Promise<void>;
  /** Writes something small and removes it. */
  check(): Promise<void>;
  close(): void;
}

/** The store does not answer, refuses, or is full. Another attempt may succeed. */
export class StoreUnavailable extends Error {
  readonly code = 'export-store-unavailable';
  /** Whether it was to give a file, and not to take one. */
  readonly isReading: boolean;
  constructor(place: string, doing: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`The export store ${place} cannot be ${doing}: ${why}`, { cause });
    this.isReading = doing === 'read';
  }
}

/** The store has no such object: it was removed. */
export class ObjectMissing extends Error {
  readonly code = 'export-object-missing';
  constructor(object: string) {
    super(`The export store does not have ${object}.`);
  }
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const pattern = new RegExp(`^(${uuid})\\.[0-9a-f]{16}\\.nq(?:\\.gz)?$`);

/** The name of a new object: each attempt makes one of its own. */
export const objectName = (jobId: string, random: string, format: ExportFormat): string =>
  `${jobId}.${random}.${format}`;

/** The job that an object belongs to; undefined for what no attempt has made. */
export const jobOfObject = (object: string): string | undefined => pattern.exec(object)?.[1];
