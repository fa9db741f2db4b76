import { html, queryOf } from '@kasabi/http';
import {
  acknowledgedHours,
  acknowledgeFinding,
  type Finding,
  findingCodes,
  markOf,
  mostAcknowledgedHours,
  unacknowledgeFinding,
} from '@kasabi/operations';
import type { Request } from 'express';
import type { Action, ActionContext, Subject } from './action.ts';
import { FormInvalid, NoSuchPage } from './errors.ts';
import { checkText, formOf } from './form.ts';
import { facts } from './parts.ts';

export const acknowledge: Action = {
  question: 'Acknowledge this finding?',
  consequence:
    'It is shown muted and raises no alarm, for everybody, until it changes or the time is over. This does not fix what is wrong.',
  button: 'Acknowledge the finding',
  done: 'acknowledged',
};

export const unacknowledge: Action = {
  question: 'Withdraw this acknowledgement?',
  consequence: 'The finding raises an alarm again, for everybody.',
  button: 'Withdraw it',
  done: 'unacknowledged',
};

/** For how long a finding can be acknowledged: hours, and how that is written. */
const choices = [
  [1, 'an hour'],
  [8, '8 hours'],
  [24, 'a day'],
  [168, 'a week'],
  [mostAcknowledgedHours, '30 days, or until it changes'],
] as const;

/**
 * The finding that a question or its answer is about, from the address or the form.
 *
 * @throws NoSuchPage when there is no such finding any more.
 */
export function findingSubject(
  request: Request<Record<string, string>>,
  verb: 'acknowledge' | 'unacknowledge',
  findings: readonly Finding[],
  { db, links }: ActionContext,
): Subject {
  const form = request.method === 'POST' ? formOf(request) : new URLSearchParams();
  const query = new URLSearchParams(queryOf(request));
  const given = (name: string): string => form.get(name) ?? query.get(name) ?? '';
  const code = findingCodes.find((it) => it === request.params['code']);
  const subject = given('subject');
  const finding = findings.find((it) => it.code === code && (it.subject?.id ?? '') === subject);
  if (finding === undefined) {
    throw new NoSuchPage('This finding has ended, so there is nothing to acknowledge.');
  }
  // As the operator saw it: if the finding has changed since, it stays an alarm.
  const mark = given('mark') || markOf(finding);
  const usual = acknowledgedHours(finding);
  const hours = given('hours') || String(usual);
  const fields = html`<input type="hidden" name="subject" value="${subject}"><input type="hidden" name="mark" value="${mark}">
<label>For <select name="hours">${choices.map(([value, text]) => html`<option value="${String(value)}"${String(value) === hours && html` selected`}>${text}</option>`)}</select></label>
<label class="grow">Note <input name="note" maxlength="200" value="${given('note')}" placeholder="for other operators (optional)"></label>`;
  return {
    about: facts([
      ['Finding', html`<code>${finding.code}</code>`],
      ['What is wrong', finding.what],
    ]),
    page: links.base,
    logged: { action: verb, code: finding.code, subject },
    async act(operatorAddress) {
      const about = { code: finding.code, subject, operatorAddress };
      if (verb === 'unacknowledge') return await unacknowledgeFinding(db, about);
      const note = checkText('note', given('note'), 500).trim() || undefined;
      const asked = { mark: checkText('mark', mark, 200), hours: checkHours(hours), note };
      await acknowledgeFinding(db, { ...about, ...asked });
      return { outcome: 'done' };
    },
    ...(verb === 'acknowledge' && { fields }),
  };
}

/** @throws FormInvalid */
function checkHours(text: string): number {
  const hours = Number(text);
  if (hours >= 1 / 60 && hours <= mostAcknowledgedHours) return hours;
  throw new FormInvalid(
    `The hours must be a number from 0.017 (a minute) to ${mostAcknowledgedHours}.`,
  );
}
