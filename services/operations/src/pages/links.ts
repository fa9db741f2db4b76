import { type Html, html } from '@kasabi/http';
import { type BulkVerb, type Finding, markOf } from '@kasabi/operations';

/** Parameters of an address; empty ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Makes the addresses of the pages below this path, as browsers see them. */
export const createLinks = (base: string) => ({
  base,
  job: (id: string) => `${base}/jobs/${id}`,
  dataset: (code: string) => `${base}/datasets/${code}`,
  datasets: (query?: Query) => withQuery(`${base}/datasets`, query),
  jobs: (query?: Query) => withQuery(`${base}/jobs`, query),
  /** The question whether to cancel or repeat all jobs that match a filter. */
  bulk: (verb: BulkVerb, query: Query) => withQuery(`${base}/bulk/${verb}`, query),
  /** The question whether to acknowledge a finding, or to withdraw that. */
  finding: (verb: 'acknowledge' | 'unacknowledge', finding: Finding) =>
    withQuery(`${base}/findings/${finding.code}/${verb}`, {
      subject: finding.subject?.id,
      mark: verb === 'acknowledge' ? markOf(finding) : undefined,
    }),
  upcoming: `${base}/coming`,
  audit: (query?: Query) => withQuery(`${base}/audit`, query),
  queues: `${base}/queues/`,
});

export type Links = ReturnType<typeof createLinks>;

function withQuery(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const search = new URLSearchParams(given).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** The part of a job's id that distinguishes it from others and finds it: the millisecond when it was made. */
export const shortId = (id: string): string => id.slice(0, 13);

/** A link to a job's page. */
export const jobLink = (links: Links, id: string): Html =>
  html`<a class="id" href="${links.job(id)}" title="${id}">${shortId(id)}</a>`;

/** A link to a dataset's page. */
export const datasetLink = (links: Links, code: string): Html =>
  html`<a href="${links.dataset(code)}">${code}</a>`;
