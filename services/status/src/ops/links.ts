import { type Html, html } from '@kasabi/service-kit';

/** Addresses of the pages, as browsers see them. */
export interface Links {
  readonly base: string;
  job(id: string): string;
  dataset(code: string): string;
  jobs(query?: Readonly<Record<string, string | undefined>>): string;
  readonly coming: string;
  readonly audit: string;
  readonly queues: string;
}

/** Makes the addresses below this path. */
export function createLinks(base: string): Links {
  return {
    base,
    job: (id) => `${base}/jobs/${id}`,
    dataset: (code) => `${base}/datasets/${code}`,
    jobs(query = {}) {
      const given = Object.entries(query).filter(
        (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
      );
      const search = new URLSearchParams(given).toString();
      return `${base}/jobs${search === '' ? '' : `?${search}`}`;
    },
    coming: `${base}/coming`,
    audit: `${base}/audit`,
    queues: `${base}/queues/`,
  };
}

/** A job's id, as much of it as tells it from others and finds it again: the millisecond of its making. */
export const shortId = (id: string): string => id.slice(0, 13);

/** A link to a job's page. */
export const jobLink = (links: Links, id: string): Html =>
  html`<a class="id" href="${links.job(id)}" title="${id}">${shortId(id)}</a>`;

/** A link to a dataset's page. */
export const datasetLink = (links: Links, code: string): Html =>
  html`<a href="${links.dataset(code)}">${code}</a>`;
