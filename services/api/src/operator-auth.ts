import { createPasswordGate, goneSignal, singleHeader, subjectOf } from '@kasabi/http';
import { ApiError, MalformedRequest } from '@kasabi/protocol';
import type { RequestHandler } from 'express';

/** 401 of the operators' routes: they have a password, not an API key. */
class OperatorUnauthorized extends ApiError {
  readonly code = 'unauthorized';
  override readonly headers = {
    'WWW-Authenticate': 'Basic realm="Kasabi Jobs operations", charset="UTF-8"',
  };
  constructor() {
    super("This needs the operators' password, as the setting OPERATOR_PASSWORD has it.");
  }
}

/** 429: this password was wrong, and so are many others that were just sent. */
class TooManyGuesses extends ApiError {
  readonly code = 'too-many-requests';
  override readonly headers: { readonly 'Retry-After': string };
  constructor(retryAfterSeconds: number) {
    super(
      `This is not the operators' password, and too many wrong ones arrive; try again in ${retryAfterSeconds} seconds.`,
    );
    this.headers = { 'Retry-After': String(retryAfterSeconds) };
  }
}

/**
 * Lets through who sends OPERATOR_PASSWORD by HTTP Basic, under any user name. A page's request is
 * refused, so that no page can make use of a password that a browser remembers.
 */
export function requireOperator(password: string): RequestHandler {
  const gate = createPasswordGate({ password });
  return async (request, _response, next) => {
    if (request.headers.origin !== undefined) {
      throw new MalformedRequest(
        'No page may send this; use the operations page of the status service.',
      );
    }
    const given = passwordOf(singleHeader(request, 'authorization'));
    if (given === undefined) throw new OperatorUnauthorized();
    const answer = await gate.try({
      password: given,
      subject: subjectOf(request.address),
      gone: goneSignal(request),
    });
    if (answer.verdict === 'too-many') {
      throw new TooManyGuesses(answer.retryAfterSeconds);
    }
    if (answer.verdict === 'wrong') throw new OperatorUnauthorized();
    next();
  };
}

/** What follows the first colon: a user name has none, a password may (RFC 7617). */
function passwordOf(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return password.length === 0 ? undefined : password.join(':');
}
