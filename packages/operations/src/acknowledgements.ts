import type { Database } from '@kasabi/postgres';
import type { Acknowledgement } from './acknowledgement.ts';
import type { Finding, FindingCode } from './finding.ts';
import { recordAction } from './record-action.ts';

/** The most hours for which a finding can be acknowledged. */
export const mostAcknowledgedHours = 30 * 24;

/**
 * For how many hours a finding is acknowledged unless the operator says otherwise. A finding about an event (a job
 * failed) changes with the next event, so it may be acknowledged for long. One about a state (jobs wait) comes and
 * goes under the same name, and should raise an alarm the next time.
 */
export const acknowledgedHours = ({ event }: Pick<Finding, 'event'>): number =>
  event === undefined ? 1 : mostAcknowledgedHours;

/** What distinguishes this finding from a later one with the same code and subject. */
export const markOf = ({ severity, event }: Pick<Finding, 'severity' | 'event'>): string =>
  `${severity} ${event ?? ''}`.trim();

/** The findings, each with its acknowledgement if one still holds. */
export function withAcknowledgements(
  findings: readonly Finding[],
  acknowledged: readonly Acknowledgement[],
): Finding[] {
  return findings.map((finding) => {
    const found = acknowledged.find(
      ({ code, subject, mark }) =>
        code === finding.code && subject === (finding.subject?.id ?? '') && holds(mark, finding),
    );
    return found === undefined ? finding : { ...finding, acknowledged: found };
  });
}

/** A finding acknowledged as critical raises no alarm as a warning; one acknowledged as a warning does as critical. */
const holds = (mark: string, finding: Finding): boolean =>
  mark === markOf(finding) || mark === markOf({ ...finding, severity: 'critical' });

export interface AcknowledgeRequest {
  readonly code: FindingCode;
  /** The id of what it is about; empty for the system as a whole. */
  readonly subject: string;
  /** The mark of the finding that the operator saw. */
  readonly mark: string;
  readonly hours: number;
  readonly note?: string | undefined;
  readonly operatorAddress: string;
}

/**
 * Acknowledges a finding as the operator saw it, with an audit record: if it has changed since, it stays an alarm.
 * Replaces an earlier acknowledgement of it, and deletes those that have run out.
 */
export async function acknowledgeFinding(db: Database, request: AcknowledgeRequest): Promise<void> {
  const { code, subject, mark, hours, note, operatorAddress } = request;
  await db.query({
    name: 'acknowledge-finding',
    text: `
      WITH over AS (
        DELETE FROM kasabi.finding_acknowledgement
        WHERE until <= now() AND (code, subject) <> ($1, $2)
      ), audited AS (
        INSERT INTO kasabi.operator_action (action, subject, detail, operator_address, outcome)
        VALUES ('acknowledge', concat_ws(' ', $1::text, nullif($2::text, '')),
                concat_ws(': ', format('for %s h', $4::float8), $5::text), $6, 'done')
      )
      INSERT INTO kasabi.finding_acknowledgement (code, subject, mark, until, note, operator_address)
      VALUES ($1, $2, $3, now() + $4 * interval '1 hour', $5, $6)
      ON CONFLICT (code, subject) DO UPDATE
      SET mark = excluded.mark, at = excluded.at, until = excluded.until, note = excluded.note,
          operator_address = excluded.operator_address`,
    values: [code, subject, mark, hours, note ?? null, operatorAddress],
  });
}

/** Withdraws an acknowledgement, with an audit record. */
export async function unacknowledgeFinding(
  db: Database,
  request: Pick<AcknowledgeRequest, 'code' | 'subject' | 'operatorAddress'>,
): Promise<{ readonly outcome: 'done' | 'not-acknowledged' }> {
  const { code, subject, operatorAddress } = request;
  const { rowCount } = await db.query(
    'DELETE FROM kasabi.finding_acknowledgement WHERE code = $1 AND subject = $2 AND until > now()',
    [code, subject],
  );
  const outcome = rowCount === 1 ? 'done' : 'not-acknowledged';
  const about = { subject: `${code} ${subject}`.trim(), operatorAddress, outcome };
  await recordAction(db, { action: 'unacknowledge', ...about });
  return { outcome };
}
