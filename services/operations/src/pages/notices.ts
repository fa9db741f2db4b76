import { type Html, html } from '@kasabi/http';

/** What was done, by the word that the address of the page after it carries. */
const notices: Readonly<Record<string, string>> = {
  cancelled: 'The job is cancelled.',
  repeated: 'The job is repeated: this is the new one.',
  'all-cancelled': 'Done. Below is what became of each job.',
  'all-repeated': 'Done. Below is what became of each job, with the new ones.',
  partly:
    'Part of it is done, as below; there are too many for one go. Go back to the list of jobs and do it again for the rest.',
  unlocked: 'The dataset is unlocked and can be written again.',
  paused: 'Paused: nothing starts any more. Jobs that run go on to their end.',
  pausing:
    'Paused. Jobs that workers were about to take up may still start: someone else holds their records.',
  resumed: 'Resumed: what is due starts now.',
  acknowledged: 'The finding is acknowledged: it is no alarm until it changes.',
  unacknowledged: 'The acknowledgement is taken back: the finding is an alarm again.',
};

/** Says what was done before this page was shown; nothing for a word that is none of ours. */
export function noticeOf(query: URLSearchParams): Html {
  const word = query.get('done') ?? '';
  const text = Object.hasOwn(notices, word) ? notices[word] : undefined;
  return text === undefined ? html`` : html`<p class="notice good" role="status">${text}</p>`;
}
