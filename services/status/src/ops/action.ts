import type { Html } from '@kasabi/http';

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
  /** Its page, and the action's path below the api's `/ops`. */
  readonly page: string;
  readonly apiPath: string;
  /** What else the form asks or carries. */
  readonly fields?: Html;
  /** In place of the action's own, where there is more to say. */
  readonly question?: string;
  readonly button?: string;
  /** Why it cannot be done: then there is no button. */
  readonly impossible?: string;
}
