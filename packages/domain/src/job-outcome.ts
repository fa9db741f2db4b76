/** What a running job has done so far, and of how much; null where that is not known. */
export interface JobProgress {
  readonly quads: number;
  /** Of the file that it writes or reads. */
  readonly bytes: number;
  readonly ofQuads: number | null;
  readonly ofBytes: number | null;
}

/** The file that a job has made, as its record names it. */
export interface ExportedFile {
  /** The name of the object in the store. */
  readonly object: string;
  readonly format: ExportFormat;
  readonly quads: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** The file has what was committed before this time, in RFC 3339. */
  readonly snapshotTime: string;
  /** When the file is deleted. */
  readonly expires: string;
}

/** What a restore has done. */
export interface RestoredData {
  /** How many quads the dataset has now. */
  readonly quads: number;
  /** The job that has made the file. */
  readonly source: string;
  /** How many quads the dataset had before. */
  readonly previousQuads: number;
}

/** What a completed job leaves in its record; null for a type that leaves nothing. */
export type JobResult = ExportedFile | RestoredData;

/** The file that a job has made, if its result is one. */
export const fileOf = (result: JobResult | null): ExportedFile | undefined =>
  result !== null && 'object' in result ? result : undefined;

/** N-Quads, compressed with gzip or not. */
export const exportFormats = ['nq.gz', 'nq'] as const;

export type ExportFormat = (typeof exportFormats)[number];
