import type { Html } from '@kasabi/http';
import type { ActionResult } from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import type { OperationsMetrics } from '../metrics.ts';
import type { Links } from './links.ts';
import type { Reads } from './reads.ts';

/** What actions need. */
export interface ActionContext {
  /** Questions read from this. */
  readonly reads: Reads;
  /** Actions use this. */
  readonly db: Database;
  readonly metrics: Pick<OperationsMetrics, 'cancelled'>;
  readonly links: Links;
}

/** Something that an operator may do. */
export interface Action {
  readonly question: string;
  readonly consequence: string;
  readonly button: string;
  /** The word that the next page is given, to say what was done; see `noticeOf`. */
  readonly done: string;
}

/** What an action is done to. */
export interface Subject {
  readonly about: Html;
  /** Its page. */
  readonly page: string;
  /**
   * Does it for an operator at this address, with an audit record.
   *
   * @throws FormInvalid
   */
  act(operatorAddress: string): Promise<ActionResult>;
  /** What the log says about the request. */
  readonly logged: Readonly<Record<string, unknown>>;
  /** More fields of the form, visible or hidden. */
  readonly fields?: Html;
  /** Instead of the action's own, if there is more to say. */
  readonly question?: string;
  readonly button?: string;
  /** Why it cannot be done; then there is no button. */
  readonly impossible?: string;
}
