import { type Html, html } from '@kasabi/http';

/** What was done, by the word in the address of the next page. */
const notices: Readonly<Record<string, string>> = {
  cancelled: 'The job is cancelled.',
  repeated: 'The job is repeated: this is the new one.',
  'all-cancelled': 'Done. The result for each job is below.',
  'all-repeated': 'Done. The result for each job is below, with the new jobs.',
  partly:
    'Only a part is done (see below), because there are too many jobs for one go. Go back to the list of jobs and do it again for the rest.',
  unlocked: 'The dataset is unlocked and can be written again.',
  paused: 'Paused: no job starts any more. Running jobs continue.',
  pausing:
    'Paused. Some jobs that workers were about to claim may still start, because another session holds their records.',
  resumed: 'Resumed: due jobs start now.',
  acknowledged: 'The finding is acknowledged: it raises no alarm until it changes.',
  unacknowledged: 'The acknowledgement is withdrawn: the finding raises an alarm again.',
};

/** Says what was done before this page; nothing for an unknown word. */
export function noticeOf(query: URLSearchParams): Html {
  const word = query.get('done') ?? '';
  const text = Object.hasOwn(notices, word) ? notices[word] : undefined;
  return text === undefined ? html`` : html`<p class="notice good" role="status">${text}</p>`;
}
