/** An operator's note that a finding is known: it raises no alarm meanwhile. */
export interface Acknowledgement {
  readonly code: string;
  /** The id of what the finding is about; empty for the system as a whole. */
  readonly subject: string;
  /** What the finding was like; the acknowledgement holds while it still is. See `markOf`. */
  readonly mark: string;
  readonly at: Date;
  readonly until: Date;
  /** An address, or 'command line'. */
  readonly operatorAddress: string;
  readonly note: string | null;
}

/** The acknowledgements that have not run out, as a SQL query. */
export const acknowledgements = `
  SELECT code, subject, mark, at, until, operator_address AS "operatorAddress", note
  FROM kasabi.finding_acknowledgement WHERE until > now() ORDER BY at DESC LIMIT 1000`;
