import type { ErrorCode } from '@kasabi/protocol';
import type { MediaType, Method } from './document-types.ts';
import type { HeaderUse } from './headers.ts';
import type { ParameterName } from './parameters.ts';

/** The answer with one status. */
export interface Answer {
  readonly description: string;
  readonly headers: HeaderUse;
  /** By media type; undefined for an answer without a body. */
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** The parts of a request to try, besides the route's address with the dataset and job of the examples. */
export interface SampleRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** The query string, without its `?`. */
  readonly query?: string;
  /** A body; curl sends it as a form unless a header says otherwise. */
  readonly data?: string;
  /** The extension in the address; the usual one unless set. */
  readonly extension?: string;
  /** Whether curl should show a stream as it arrives. */
  readonly stream?: boolean;
}

/** A request to try, and the status of its answer. */
export type Sample = readonly [label: string, status: number, request?: SampleRequest];

/** The method and path of a route. */
export interface Address {
  readonly method: Method;
  /** As in OpenAPI: `/dataset/{short-code}`. */
  readonly path: string;
}

/** A route for clients, with everything that the OpenAPI document says about it. */
export interface DocumentedRoute extends Address {
  readonly summary: string;
  readonly description: string;
  /** Whether it needs the API key of the dataset's owner. */
  readonly needsKey?: true;
  /** Besides those in its path, which are the same for every method. */
  readonly parameters?: readonly ParameterName[];
  readonly body?: {
    readonly description: string;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** The errors that only this route has. */
  readonly errors?: readonly ErrorCode[];
  readonly samples: readonly Sample[];
}

/** A route that is not for clients, with the reason why it is not in the document. */
export interface InternalRoute extends Address {
  readonly leftOut: string;
}

/** Routes by the ids of their operations. */
export type Routes = Readonly<Record<string, DocumentedRoute | InternalRoute>>;

/** Routes that are registered together. */
export interface RouteGroup {
  readonly host: 'api' | 'status' | 'both';
  readonly tag: 'Jobs' | 'Datasets' | 'Service';
  /** Whether the host's rate limit and its protection from overload apply. */
  readonly limited: boolean;
  readonly routes: Routes;
}
