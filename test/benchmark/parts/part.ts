import type { Row } from '../support/result.ts';
import type { Servers } from '../support/servers.ts';

/** What a part of the benchmark works with. */
export interface PartContext {
  readonly servers: Servers;
  readonly rounds: number;
  /** How long one measurement of a load takes. */
  readonly seconds: number;
  /** How long the footprint part keeps up its load. */
  readonly soakMinutes: number;
  readonly profile: string | undefined;
  readonly log: (line: string) => void;
}

/** Measures one part on a database of its own. */
export type Part = (context: PartContext) => Promise<Row[]>;
