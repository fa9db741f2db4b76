/** The dataset is locked: Postgres refused the load. */
export class DatasetReadOnly extends Error {
  readonly code = 'dataset-read-only';
  /** @param reason Postgres's own message. */
  constructor(datasetCode: string, reason: string, options?: ErrorOptions) {
    super(
      `Nothing was loaded into "${datasetCode}": ${reason}. Load again when "dataset show ${datasetCode}" says read-write.`,
      options,
    );
  }
}
