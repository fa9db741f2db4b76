import type { JobReference } from './documents.ts';
import { InvalidArgument, UntrustedAddress } from './errors.ts';

/** Also a safeguard: a code such as `..` would lead to another resource. */
const datasetCode = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Builds the addresses that the client sends requests to, each on one of two origins. */
export function createAddresses(bases: { readonly apiUrl: URL; readonly statusUrl: URL }) {
  const origins = new Set([bases.apiUrl.origin, bases.statusUrl.origin]);

  function below(base: URL, start: string, dataset: string): URL {
    if (typeof dataset !== 'string' || !datasetCode.test(dataset)) {
      throw new InvalidArgument(
        "A dataset's short code has 1 to 63 lower-case letters, digits and hyphens.",
      );
    }
    return new URL(`${base.href.replace(/\/+$/, '')}/${start}/${dataset}/jobs`);
  }

  function trusted(url: URL): URL {
    if (!origins.has(url.origin) || url.username !== '' || url.password !== '') {
      throw new UntrustedAddress(
        `${url.origin} is neither the origin of apiUrl nor that of statusUrl, and the API key is sent nowhere else.`,
        url.href,
      );
    }
    return url;
  }

  return {
    /**
     * The address for requesting jobs of a dataset.
     *
     * @throws InvalidArgument
     */
    submit: (dataset: string): URL => below(bases.apiUrl, 'dataset', dataset),
    /**
     * The address of a dataset's list of jobs.
     *
     * @throws InvalidArgument
     */
    list: (dataset: string): URL => below(bases.statusUrl, 'data', dataset),
    /**
     * The address of a job.
     *
     * @throws InvalidArgument when it is not an absolute URL; UntrustedAddress.
     */
    job(job: JobReference): URL {
      const address = typeof job === 'string' || job instanceof URL ? job : job?.url;
      if (address === undefined || !URL.canParse(String(address))) {
        throw new InvalidArgument('A job is its absolute URL, or an object with that url.');
      }
      return trusted(new URL(String(address)));
    },
    /**
     * Makes an address from a service absolute.
     *
     * @throws UntrustedAddress
     */
    given(address: string, from: URL): URL {
      if (!URL.canParse(address, from.href)) {
        throw new UntrustedAddress('The service gave an address that is not a valid URL.', address);
      }
      return trusted(new URL(address, from));
    },
  };
}

export type Addresses = ReturnType<typeof createAddresses>;

/** The address of a job's events. */
export function eventsOf(job: URL): URL {
  const url = new URL(job);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/events`;
  return url;
}
