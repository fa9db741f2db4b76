/** What an operator sees instead of a page. */
export abstract class PageError extends Error {
  abstract readonly code: string;
  abstract readonly status: number;
  abstract readonly title: string;
}

/** 404 */
export class NoSuchPage extends PageError {
  readonly code = 'no-such-page';
  readonly status = 404;
  readonly title = 'Nothing here';
  constructor(message = 'There is no such page. Try the menu above.') {
    super(message);
  }
}

/** 400: a filter has bad values. */
export class FilterInvalid extends PageError {
  readonly code = 'filter-invalid';
  readonly status = 400;
  readonly title = 'This filter does not work';
  constructor(problems: readonly string[]) {
    super(problems.join(' '));
  }
}

/** 400: a form has a bad value. */
export class FormInvalid extends PageError {
  readonly code = 'form-invalid';
  readonly status = 400;
  readonly title = 'Not done';
}

/** 403: a form that does not come from a page of this service, or comes from an older session. */
export class ForeignForm extends PageError {
  readonly code = 'foreign-form';
  readonly status = 403;
  readonly title = 'Not done';
  constructor() {
    super(
      'This form did not come from a page of your session, so nothing was done. Open the page again and send it from there.',
    );
  }
}

/** 401: a stream or a script without a session. Pages redirect to the sign-in instead. */
export class SignedOut extends PageError {
  readonly code = 'signed-out';
  readonly status = 401;
  readonly title = 'Signed out';
  constructor() {
    super('Your session has ended; sign in again.');
  }
}

/** 503: Postgres did not answer, and there is no earlier reading to show. */
export class NothingToShow extends PageError {
  readonly code = 'nothing-to-show';
  readonly status = 503;
  readonly title = 'Postgres does not answer';
}
