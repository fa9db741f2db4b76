/**
 * Why somebody may not see or ask for something. `refused`: the key is unknown or revoked, or another
 * owner's. What else there is or is not is told to valid keys alone, so a caller without one learns nothing.
 */
export type Refusal = 'refused' | 'dataset-unknown' | 'job-unknown';
