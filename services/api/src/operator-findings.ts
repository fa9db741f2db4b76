import { queryOf } from '@kasabi/http';
import { type FindingCode, findingCodes, mostAcknowledgedHours } from '@kasabi/operations';
import { InvalidParameter } from '@kasabi/protocol';
import type { Request } from 'express';

/** The finding that a request below `/ops/findings/{code}` is about. */
export interface FindingAsked {
  readonly code: FindingCode;
  /** The id of the job, dataset or worker that it is about; empty for the system as a whole. */
  readonly subject: string;
}

/** @throws InvalidParameter */
export function findingOf(request: Request<{ code: string }>): FindingAsked {
  const code = findingCodes.find((it) => it === request.params.code);
  if (code === undefined) {
    throw new InvalidParameter('code', `code must be one of ${findingCodes.join(', ')}.`);
  }
  return { code, subject: textOf(request, 'subject', 200) };
}

/**
 * An acknowledgement, of the query's `subject`, `mark`, `hours` and `note`.
 *
 * @throws InvalidParameter
 */
export function acknowledgementOf(
  request: Request<{ code: string }>,
): FindingAsked & { readonly mark: string; readonly hours: number; readonly note?: string } {
  const hours = Number(textOf(request, 'hours', 10));
  if (!(hours >= 1 / 60 && hours <= mostAcknowledgedHours)) {
    throw new InvalidParameter(
      'hours',
      `hours must be a number of hours, from a minute (0.017) to ${mostAcknowledgedHours}.`,
    );
  }
  const note = textOf(request, 'note', 500).trim();
  const mark = textOf(request, 'mark', 200);
  return { ...findingOf(request), mark, hours, ...(note !== '' && { note }) };
}

function textOf(request: Request<{ code: string }>, name: string, most: number): string {
  const value = new URLSearchParams(queryOf(request)).get(name) ?? '';
  // Postgres takes no NUL in a text.
  if (value.length > most || value.includes('\0')) {
    throw new InvalidParameter(name, `${name} must have at most ${most} characters.`);
  }
  return value;
}
