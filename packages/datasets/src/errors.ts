/** There is no dataset with that short code. */
export class DatasetUnknown extends Error {
  readonly code = 'dataset-unknown';
  constructor(datasetCode: string) {
    super(`There is no dataset "${datasetCode}"; "dataset list" shows the ones there are.`);
  }
}

/** The short code is taken. */
export class DatasetExists extends Error {
  readonly code = 'dataset-exists';
  constructor(datasetCode: string) {
    super(`The dataset "${datasetCode}" already exists; choose another short code.`);
  }
}

/** The short code does not have the form that Postgres and URLs allow. */
export class DatasetCodeInvalid extends Error {
  readonly code = 'dataset-code-invalid';
  constructor(datasetCode: string) {
    super(
      `"${datasetCode}" is not a valid short code: use 1 to 63 lower-case letters, digits and hyphens, and begin with a letter or digit.`,
    );
  }
}

/** A step carried a fence that is no longer the dataset's: another attempt has taken over. */
export class FencedOut extends Error {
  readonly code = 'fenced-out';
  constructor(datasetId: number, fence: number) {
    super(`Dataset ${datasetId} is no longer locked with fence ${fence}; this attempt is over.`);
  }
}

/** Other transactions kept the dataset from being locked or cleared: mostly writers. They may have ended by now. */
export class DatasetBusy extends Error {
  readonly code = 'dataset-busy';
  /** @param options.blockers the transactions that blocked the job, in words for operators. */
  constructor(
    datasetId: number,
    options: { readonly cause: unknown; readonly blockers?: readonly string[] },
  ) {
    const { cause, blockers } = options;
    const who =
      blockers === undefined || blockers.length === 0
        ? 'The blocking transactions are unknown.'
        : `Blocked by: ${blockers.join('; ')}.`;
    super(`Dataset ${datasetId} could not be locked or cleared in time. ${who}`, { cause });
  }
}

/** A stored term has a control character or a line feed, which no N-Quads file may have; whoever stored it went past the loader. */
export class TermNotExportable extends Error {
  readonly code = 'term-not-exportable';
  constructor(datasetId: number) {
    super(
      `A term in dataset ${datasetId} has a control character, which N-Triples writes as an escape; correct it and export again.`,
    );
  }
}

/** A line of a file is not as an export writes it. */
export class SourceMalformed extends Error {
  readonly code = 'source-malformed';
  constructor(line: number) {
    super(`Line ${line} of the file is not a quad as an export writes it.`);
  }
}
