import assert from 'node:assert/strict';
import type {
  Header,
  JsonSchema,
  MediaType,
  OpenApiDocument,
  Operation,
  Reference,
  ResponseObject,
} from '@kasabi/routes';
import { methods } from '@kasabi/routes';
import type { Answer } from '@kasabi/test/support/client';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** An operation of the document, and where it is. */
export interface Place {
  readonly path: string;
  readonly method: (typeof methods)[number];
  readonly operation: Operation;
}

/** Holds answers against an OpenAPI document. */
export interface Contract {
  readonly places: readonly Place[];
  /** The operation that a request is for. */
  placeOf(method: string, path: string): Place;
  /**
   * Checks status, headers, content type and body, and notes that this answer was seen.
   *
   * @throws AssertionError with what the document does not say.
   */
  check(place: Place, answer: Answer, options?: { readonly head?: boolean }): void;
  /** Checks a value against a schema of the document. */
  checkValue(schema: JsonSchema, value: unknown, what: string): void;
  /** The answers and headers that no request has had yet: `GET /healthz 200`, `header Link`. */
  unseen(): string[];
}

/** Follows a reference to one of the document's components. */
export function resolve<Target>(document: OpenApiDocument, it: Target | Reference): Target {
  const pointer = (it as Reference).$ref;
  if (pointer === undefined) return it as Target;
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>(
    (at, key) => (at as Record<string, unknown>)[key],
    document,
  ) as Target;
}

/** Headers that HTTP itself needs, proxies read, or that keep browsers safe: no part of the API. */
const ofTransport =
  /^(connection|keep-alive|date|content-(type|length|security-policy)|transfer-encoding|x-accel-buffering|cross-origin-.*|origin-agent-cluster|referrer-policy|strict-transport-security|x-(content-type|download|dns|frame|permitted|xss).*)$/;

/** Which statuses a response for several stands for: those of its problem documents. */
function statusesOf(response: ResponseObject): readonly unknown[] {
  const problem = response.content?.['application/problem+json']?.schema['allOf'];
  const [, narrowed] = problem as readonly JsonSchema[];
  return narrowed?.properties?.['status']?.enum ?? [];
}

/** The document with schemas that allow no further fields: what is not documented is to be noticed. */
function closed(document: OpenApiDocument): OpenApiDocument {
  return JSON.parse(JSON.stringify(document), (_key, value) =>
    value?.type === 'object' && value.properties !== undefined
      ? { additionalProperties: false, ...value }
      : value,
  ) as OpenApiDocument;
}

export function createContract(open: OpenApiDocument): Contract {
  const document = closed(open);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'document:', components: document.components });
  const compiled = new Map<JsonSchema, ValidateFunction>();
  const places = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method): Place[] => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
  const unseen = new Set(
    places.flatMap(({ path, method, operation }) =>
      Object.entries(operation.responses).flatMap(([status, response]) => [
        `${method.toUpperCase()} ${path} ${status}`,
        ...Object.keys(resolve<ResponseObject>(document, response).headers ?? {}).map(
          (name) => `header ${name.toLowerCase()}`,
        ),
      ]),
    ),
  );

  function checkValue(schema: JsonSchema, value: unknown, what: string): void {
    let validate = compiled.get(schema);
    if (validate === undefined) {
      // References within the document become references into the one that ajv knows.
      const text = JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"document:#');
      validate = ajv.compile(JSON.parse(text));
      compiled.set(schema, validate);
    }
    const valid = validate(value);
    assert.ok(valid, `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  }

  function checkHeaders(
    documented: Readonly<Record<string, Header>>,
    answer: Answer,
    what: string,
  ) {
    for (const [name, { required }] of Object.entries(documented)) {
      assert.ok(!required || answer.headers.has(name), `${what} has no ${name}`);
    }
    const schemas = new Map(
      Object.entries(documented).map(([name, it]) => [name.toLowerCase(), it]),
    );
    for (const [name, value] of answer.headers) {
      if (ofTransport.test(name)) continue;
      const header = schemas.get(name);
      assert.ok(header, `${what} has ${name}: ${value}, which is not documented`);
      const number = header.schema.type === 'integer';
      checkValue(header.schema, number ? Number(value) : value, `${what}, ${name}`);
      unseen.delete(`header ${name}`);
    }
  }

  function checkBody(content: Readonly<Record<string, MediaType>>, answer: Answer, what: string) {
    const type = answer.headers.get('content-type')?.split(';')[0];
    if (type === undefined) {
      assert.deepEqual([Object.keys(content), answer.text], [[], ''], `${what} has no body`);
      return;
    }
    const media = content[type];
    assert.ok(media, `${what} is ${type}, which is not documented`);
    const isJson = /[/+]json$/.test(type);
    checkValue(media.schema, isJson ? JSON.parse(answer.text) : answer.text, `${what}, the body`);
  }

  return {
    places,
    placeOf(method, path) {
      const found = places.find((place) => {
        // No short code and no id has a dot; an extension follows one.
        const pattern = place.path.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/.]+');
        return place.method.toUpperCase() === method && new RegExp(`^${pattern}$`).test(path);
      });
      assert.ok(found, `${method} ${path} is not documented`);
      return found;
    },
    check({ path, method, operation }, answer, { head = false } = {}) {
      const status = operation.responses[answer.status] === undefined ? 'default' : answer.status;
      const name = `${method.toUpperCase()} ${path} ${status}`;
      const what = head ? `HEAD as ${name}` : name;
      const documented = operation.responses[status];
      assert.ok(documented, `${what} is documented`);
      const response = resolve<ResponseObject>(document, documented);
      if (status === 'default') {
        const possible = statusesOf(response);
        assert.ok(possible.includes(answer.status), `${what} is ${answer.status}, not documented`);
      }
      checkHeaders(response.headers ?? {}, answer, what);
      if (!head) checkBody(response.content ?? {}, answer, what);
      unseen.delete(name);
    },
    checkValue,
    unseen: () => [...unseen],
  };
}
