import type { Html } from '@kasabi/http';
import type { ActionResult } from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import type { OperationsMetrics } from '../metrics.ts';
import type { Links } from './links.ts';
import type { Reads } from './reads.ts';

/** What actions need. */
export interface ActionContext {
  /** What questions are read from. */
  readonly reads: Reads;
  /** What actions are done by. */
  readonly db: Database;
  readonly metrics: Pick<OperationsMetrics, 'cancelled'>;
  readonly links: Links;
}

/** Something that an operator may do. */
export interface Action {
  readonly question: string;
  readonly consequence: string;
  readonly button: string;
  /** The word that the page after it is told. */
  readonly done: string;
}

/** What it is done to. */
export interface Subject {
  readonly about: Html;
  /** Its page. */
  readonly page: string;
  /**
   * Does it for an operator at this address, with its audit record.
   *
   * @throws FormInvalid
   */
  act(operatorAddress: string): Promise<ActionResult>;
  /** What the log says was asked for. */
  readonly logged: Readonly<Record<string, unknown>>;
  /** What else the form asks or carries. */
  readonly fields?: Html;
  /** In place of the action's own, where there is more to say. */
  readonly question?: string;
  readonly button?: string;
  /** Why it cannot be done: then there is no button. */
  readonly impossible?: string;
}
