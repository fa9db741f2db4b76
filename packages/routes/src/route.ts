import type { ErrorCode } from '@kasabi/protocol';
import type { MediaType, Method } from './document-types.ts';
import type { HeaderUse } from './headers.ts';
import type { ParameterName } from './parameters.ts';

/** What is answered with one status. */
export interface Answer {
  readonly description: string;
  readonly headers: HeaderUse;
  /** By media type; none of an answer without a body. */
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** What a request to try has, beside the route's own address with the example's dataset and job in it. */
export interface SampleRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** The query string, without its `?`. */
  readonly query?: string;
  /** A body; curl sends it as a form unless a header says otherwise. */
  readonly data?: string;
  /** The address's extension, unless it is the usual one. */
  readonly extension?: string;
  /** Whether curl is to show a stream as it comes. */
  readonly stream?: boolean;
}

/** A request to try, and the status of its answer. */
export type Sample = readonly [label: string, status: number, request?: SampleRequest];

/** Where a route is. */
export interface Address {
  readonly method: Method;
  /** As OpenAPI writes it: `/dataset/{short-code}`. */
  readonly path: string;
}

/** A route that clients may use, with all that the OpenAPI document says of it. */
export interface DocumentedRoute extends Address {
  readonly summary: string;
  readonly description: string;
  /** Whether it needs the API key of the dataset's owner. */
  readonly needsKey?: true;
  /** Those beside the ones in its path, which are the same for every method. */
  readonly parameters?: readonly ParameterName[];
  readonly body?: {
    readonly description: string;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Those of this route alone. */
  readonly errors?: readonly ErrorCode[];
  readonly samples: readonly Sample[];
}

/** A route that is not for clients, with the reason why the document leaves it out. */
export interface InternalRoute extends Address {
  readonly leftOut: string;
}

/** Routes by the ids of their operations. */
export type Routes = Readonly<Record<string, DocumentedRoute | InternalRoute>>;

/** Routes that are registered together. */
export interface RouteGroup {
  readonly host: 'api' | 'status' | 'both';
  readonly tag: 'Jobs' | 'Datasets' | 'Service';
  /** Whether the host's limits hold, on how often it is asked and on how much it has to do. */
  readonly limited: boolean;
  readonly routes: Routes;
}
