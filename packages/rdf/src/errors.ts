/** The file's name does not say which RDF format it has. */
export class RdfFormatUnknown extends Error {
  readonly code = 'rdf-format-unknown';
  constructor(file: string, extensions: readonly string[]) {
    super(
      `The format of ${file} is unknown: name it with one of ${extensions.join(', ')}, each with or without .gz.`,
    );
  }
}

/** The file is missing, not a regular file, or not readable. */
export class RdfFileUnreadable extends Error {
  readonly code = 'rdf-file-unreadable';
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} cannot be read: ${reason}.`, options);
  }
}

/** The compressed file is truncated or damaged. */
export class RdfFileDamaged extends Error {
  readonly code = 'rdf-file-damaged';
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(
      `${file} is not a complete gzip file (${reason}); nothing was loaded. Copy or download it again.`,
      options,
    );
  }
}

/** The file violates the grammar of its format. */
export class RdfSyntaxError extends Error {
  readonly code = 'rdf-syntax-error';
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  constructor(file: string, line: number, problem: string, options?: ErrorOptions) {
    super(`${file}, line ${line}: ${problem}. Nothing was loaded.`, options);
    this.file = file;
    this.line = line;
  }
}

/** The base IRI is not an absolute IRI. */
export class BaseIriInvalid extends Error {
  readonly code = 'base-iri-invalid';
  constructor(baseIri: string) {
    super(
      `"${baseIri}" is not a base IRI: give an absolute one, such as http://example.org/data/.`,
    );
  }
}
