import { datasetCodePattern } from '@kasabi/domain';
import {
  datasetStatusDocument,
  type ErrorCode,
  errorCatalog,
  jobDocument,
  jobListDocument,
  jobListEntry,
  jobRequestParts,
  problemType,
  typedParts,
} from '@kasabi/protocol';
import { z } from 'zod';
import type { JsonSchema } from './document-types.ts';

const errorCodes = Object.keys(errorCatalog) as [ErrorCode, ...ErrorCode[]];

/** The variable parts of paths. */
export const pathParts = {
  'short-code': z.string().regex(datasetCodePattern).describe("The dataset's short code."),
  id: z.uuid().describe("The job's id: the last part of its address."),
  export: z.uuid().describe('The id of the export: that of its job.'),
  extension: z.enum(['ttl', 'json', 'html']).describe('Turtle, RDF/JSON or an HTML page.'),
};

const jobRequestForm = z.object(jobRequestParts).partial();

/** In JSON, null is the same as leaving it out. */
const jobRequestJson = z.object({
  jobType: jobRequestParts.jobType.nullish(),
  startTime: jobRequestParts.startTime.nullish(),
  ...Object.fromEntries(
    Object.entries(typedParts).map(([name, schema]) => [name, schema.nullish()]),
  ),
  apikey: jobRequestParts.apikey.nullish(),
});

const problemDocument = z
  .object({
    type: z.enum(errorCodes.map(problemType)).describe('The kind of error; it never changes.'),
    title: z.string().describe('The same for every error of this type.'),
    status: z.int().min(400).max(599).describe('The status of the answer.'),
    detail: z.string().describe('What is wrong with this request, and what to do about it.'),
    instance: z
      .string()
      .regex(/^urn:kasabi:request:/)
      .describe('The request, by the id in X-Request-Id.'),
  })
  .describe('An error (RFC 9457), for clients whose Accept prefers JSON.');

const rdfJsonObject = z.object({
  type: z.enum(['uri', 'literal']),
  value: z.string(),
  datatype: z.string().optional(),
});

/** RDF/JSON: subject, predicate, objects. */
const rdfJsonDocument = z
  .record(z.string(), z.record(z.string(), z.array(rdfJsonObject)))
  .describe("The dataset's description in RDF/JSON: subject, predicate, objects.");

/** The schemas that the document's `components.schemas` are made from. */
export const componentSchemas = {
  Job: jobDocument,
  JobListEntry: jobListEntry,
  JobList: jobListDocument,
  JobRequestForm: jobRequestForm,
  JobRequest: jobRequestJson,
  DatasetStatus: datasetStatusDocument,
  DatasetDescription: rdfJsonDocument,
  Problem: problemDocument,
} as const;

export type SchemaName = keyof typeof componentSchemas;

export const schemaRef = (name: SchemaName): JsonSchema => ({
  $ref: `#/components/schemas/${name}`,
});

/** The JSON Schema of one value. As input, because documents may gain fields without breaking a client. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as JsonSchema;
}

/** All component schemas, which refer to each other. */
export function jsonSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(componentSchemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...rest }]) => [
      id,
      rest as JsonSchema,
    ]),
  );
}
