import { ApiError, MalformedRequest, TooManyRequests } from '@kasabi/protocol';
import { createPasswordGate, singleHeader } from '@kasabi/service-kit';
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

const wrongPerMinute = 10;

/**
 * Lets through who sends OPERATOR_PASSWORD by HTTP Basic, under any user name. A page's request is
 * refused, so that no page can make use of a password that a browser remembers.
 */
export function requireOperator(password: string): RequestHandler {
  const gate = createPasswordGate({ password, wrongPerMinute });
  return async (request, _response, next) => {
    if (request.headers.origin !== undefined) {
      throw new MalformedRequest(
        'No page may send this; use the operations page of the status service.',
      );
    }
    const given = passwordOf(singleHeader(request, 'authorization'));
    if (given === undefined) throw new OperatorUnauthorized();
    const answer = await gate.try(given, request.ip ?? 'unknown');
    if (answer.verdict === 'wait') {
      throw new TooManyRequests(wrongPerMinute, answer.retryAfterSeconds);
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
