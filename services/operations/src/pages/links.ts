import { type Html, html } from '@kasabi/http';
import { type BulkVerb, type Finding, markOf } from '@kasabi/operations';

/** Parameters of an address; empty ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Addresses of the pages, as browsers see them. */
export interface Links {
  readonly base: string;
  job(id: string): string;
  dataset(code: string): string;
  datasets(query?: Query): string;
  jobs(query?: Query): string;
  /** The question whether to cancel or repeat all jobs that match a filter. */
  bulk(verb: BulkVerb, query: Query): string;
  /** The question whether to acknowledge a finding, or to withdraw that. */
  finding(verb: 'acknowledge' | 'unacknowledge', finding: Finding): string;
  readonly coming: string;
  audit(query?: Query): string;
  readonly queues: string;
}

/** Makes the addresses of the pages below this path. */
export function createLinks(base: string): Links {
  return {
    base,
    job: (id) => `${base}/jobs/${id}`,
    dataset: (code) => `${base}/datasets/${code}`,
    datasets: (query) => withQuery(`${base}/datasets`, query),
    bulk: (verb, query) => withQuery(`${base}/bulk/${verb}`, query),
    jobs: (query) => withQuery(`${base}/jobs`, query),
    finding: (verb, finding) =>
      withQuery(`${base}/findings/${finding.code}/${verb}`, {
        subject: finding.subject?.id,
        mark: verb === 'acknowledge' ? markOf(finding) : undefined,
      }),
    coming: `${base}/coming`,
    audit: (query) => withQuery(`${base}/audit`, query),
    queues: `${base}/queues/`,
  };
}

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
