import type { Logger } from '@kasabi/runtime';
import type { Request } from 'express';
import type { Api } from '../api.ts';

/** What the api service answered to an operator's action. */
export interface ApiAnswer {
  readonly ok: boolean;
  readonly status: number;
  /** What it says to the operator when it refused. */
  readonly message: string;
  /** The job that a repetition made. */
  readonly jobId: string | undefined;
  /** Whether jobs that were about to be taken up may still start after a pause. */
  readonly unsettled: boolean;
  /** Of a bulk action: its row in the audit, and how many jobs are left. */
  readonly bulk: { readonly actionId: string; readonly left: number } | undefined;
}

export interface ApiCall {
  readonly api: Api;
  readonly password: string;
  /** Below the api's `/ops`: `/jobs/{id}/cancel`. */
  readonly path: string;
  /** Whose action it is. */
  readonly request: Request;
  readonly log: Logger;
}

/** How long the api service may take, in milliseconds. */
const timeoutMs = 15_000;

/** Asks the api service to do what an operator wants done: this service writes nothing. Never rejects. */
export async function callApi(call: ApiCall): Promise<ApiAnswer> {
  const { api, password, path, request } = call;
  try {
    const answer = await fetch(`${api.url}/ops${path}`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`operator:${password}`).toString('base64')}`,
        Accept: 'application/json',
        ...api.headersFor(request),
        'X-Operator-Address': request.address,
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = (await answer.json().catch(() => ({}))) as ApiBody;
    const message = messageOf(answer.status, body);
    const { jobId, actionId, left = 0 } = body;
    const bulk = actionId === undefined ? undefined : { actionId, left };
    const unsettled = (body.unsettled ?? 0) > 0;
    return { ok: answer.ok, status: answer.status, message, jobId, bulk, unsettled };
  } catch (error) {
    call.log.warn({ err: error, action: path }, 'the api service did not answer an action');
    const message =
      'The api service did not answer, so it is not known whether this was done. The page of the job or dataset tells.';
    const nothing = { jobId: undefined, bulk: undefined, unsettled: false };
    return { ok: false, status: 502, message, ...nothing };
  }
}

/** An outcome, or what was wrong with the request. */
interface ApiBody {
  readonly outcome?: string;
  readonly status?: string;
  readonly jobId?: string;
  readonly unsettled?: number;
  readonly actionId?: string;
  readonly left?: number;
  readonly count?: number;
  readonly detail?: string;
}

function messageOf(
  status: number,
  { outcome, status: found, jobId, count, detail }: ApiBody,
): string {
  switch (outcome) {
    case 'not-scheduled':
      return `Only a scheduled job can be cancelled; this one is ${found}.`;
    case 'not-failed':
      return `Only a failed job can be repeated; this one is ${found}.`;
    case 'cancelled':
      return 'This job was cancelled, so it is not repeated. If it is to be done after all, its owner asks for a new one.';
    case 'repeated':
      return `This job was repeated before, by the job ${jobId}. If that one failed as well, repeat that one.`;
    case 'already-paused':
      return 'These jobs are paused already; nothing was changed.';
    case 'not-paused':
      return 'These jobs are not paused any more; nothing had to be done.';
    case 'not-locked':
      return 'The dataset is not locked any more; nothing had to be done.';
    case 'job-not-ended':
      return `The job that holds the lock is ${found}, so the lock is not abandoned. Nothing was done.`;
    case 'changed':
      return `Nothing was done: ${count} jobs match now, more than were told. The question is asked again with that.`;
    case 'not-acknowledged':
      return 'There is no such acknowledgement any more; nothing had to be done.';
    case 'job-unknown':
      return 'There is no such job; it may have been pruned.';
    case 'dataset-unknown':
      return 'There is no such dataset.';
  }
  if (status === 401 || (status === 404 && outcome === undefined)) {
    return 'The api service does not take this operator password: OPERATOR_PASSWORD has to be the same for both services. Nothing was done.';
  }
  return detail ?? `The api service answered ${status}; nothing is known to be done.`;
}
