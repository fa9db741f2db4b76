import type { ErrorDescription } from '@kasabi/protocol';
import type { oas31 } from 'openapi3-ts';

/** A JSON Schema (2020-12), as in OpenAPI 3.1. */
export interface JsonSchema extends oas31.SchemaObject {
  properties?: Record<string, JsonSchema>;
}
export type Reference = oas31.ReferenceObject;
export type Server = oas31.ServerObject;

/** Where clients reach the two hosts; both without a trailing slash. */
export interface DocumentUrls {
  readonly apiUrl: string;
  readonly statusUrl: string;
}

export const methods = ['post', 'get', 'delete'] as const;
export type Method = (typeof methods)[number];

type Examples = Record<string, oas31.ExampleObject>;

// OpenAPI's objects, with the members that this document always has.
export type MediaType = oas31.MediaTypeObject & { schema: JsonSchema; examples?: Examples };
export type Header = oas31.HeaderObject & { schema: JsonSchema };
export type Parameter = oas31.ParameterObject & {
  description: string;
  schema: JsonSchema;
  examples?: Examples;
};
export type ResponseObject = oas31.ResponseObject & {
  headers?: Record<string, Header>;
  content?: Record<string, MediaType>;
};

/** A request to try, in the form that Redoc and others show. */
export interface CodeSample {
  readonly lang: 'Shell';
  readonly label: string;
  readonly source: string;
  /** The status of its answer. */
  readonly 'x-status': number;
}

export interface Operation extends oas31.OperationObject {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters?: (Parameter | Reference)[];
  security: oas31.SecurityRequirementObject[];
  requestBody?: { description: string; content: Record<string, MediaType> };
  responses: Record<string, ResponseObject | Reference>;
  'x-codeSamples': CodeSample[];
}

export type PathItem = { [method in Method]?: Operation } & {
  servers: Server[];
  parameters?: Reference[];
};

/** The OpenAPI 3.1 document of this API. */
export interface OpenApiDocument extends oas31.OpenAPIObject {
  info: oas31.InfoObject & { summary: string; description: string };
  servers: Server[];
  tags: { name: string; description: string }[];
  paths: Record<string, PathItem>;
  components: {
    schemas: Record<string, JsonSchema>;
    parameters: Record<string, Parameter>;
    responses: Record<string, ResponseObject>;
    securitySchemes: Record<string, oas31.SecuritySchemeObject>;
  };
  /** Every error by its type. */
  'x-errors': Record<string, ErrorDescription>;
}
