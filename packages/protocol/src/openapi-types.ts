/** A JSON Schema (2020-12), as OpenAPI 3.1 has it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** Where clients reach the two hosts; both without a trailing slash. */
export interface DocumentUrls {
  readonly apiUrl: string;
  readonly statusUrl: string;
}

export interface Reference {
  readonly $ref: string;
}

export interface NamedExample {
  readonly summary?: string;
  readonly value: unknown;
}

export interface MediaType {
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, NamedExample>>;
}

export interface Header {
  readonly description: string;
  /** Whether each answer of this kind has it. */
  readonly required?: boolean;
  readonly schema: JsonSchema;
  readonly example?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, NamedExample>>;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** A request to try, as Redoc and others show it. */
export interface CodeSample {
  readonly lang: 'Shell';
  readonly label: string;
  readonly source: string;
  /** The status of its answer. */
  readonly 'x-status': number;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: {
    readonly description: string;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
  readonly 'x-codeSamples': readonly CodeSample[];
}

export const methods = ['post', 'get', 'delete'] as const;
export type Method = (typeof methods)[number];

export type PathItem = { readonly [method in Method]?: Operation } & {
  readonly servers: readonly Server[];
  readonly parameters?: readonly (Parameter | Reference)[];
};

export interface Server {
  readonly url: string;
  readonly description: string;
}

export interface DocumentedError {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** The parts of an OpenAPI 3.1 document that this one has. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
  };
  readonly servers: readonly Server[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  /** Every error by its type. */
  readonly 'x-errors': Readonly<Record<string, DocumentedError>>;
}
