import { datasetCodePattern, jobTypeNames } from '@kasabi/domain';
import {
  datasetStatusDocument,
  dateTimePattern,
  type ErrorCode,
  errorCatalog,
  jobDocument,
  jobListDocument,
  jobListEntry,
  jobStatuses,
  problemType,
  readDateTime,
} from '@kasabi/protocol';
import { z } from 'zod';
import type { JsonSchema } from './document-types.ts';

const errorCodes = Object.keys(errorCatalog) as [ErrorCode, ...ErrorCode[]];

const startTime = z
  .string()
  // Not the format date-time: that one needs seconds.
  .regex(dateTimePattern)
  .refine((text) => readDateTime(text).ok)
  .describe(
    'When the job is to begin, at the earliest: a date and time with its offset from UTC, as RFC 3339 has it; the seconds may be left out. Left out or in the past: as soon as possible. At most 366 days ahead, unless the operators allow another horizon.',
  );

const jobType = z
  .enum(jobTypeNames)
  .describe('What is to be done; required, in the query string or the body.');

const apikey = z
  .string()
  .describe("The dataset owner's API key, for those that cannot send headers.");

/** The parameters of a job request, as text: in a query string or a form. */
export const jobRequestParts = { jobType, startTime, apikey };

/** The parameters of a list request. */
export const jobListParts = {
  status: z
    .enum([...jobStatuses, 'succeeded'])
    .describe('Only jobs with this status; succeeded means completed.'),
  jobType: z.enum(jobTypeNames).describe('Only jobs of this type.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .meta({ default: 20 })
    .describe('How many jobs at most.'),
  cursor: z
    .string()
    .regex(/^[\w-]{22}$/)
    .describe('Where the page begins: from the Link header of the page before.'),
};

/** What a path may hold. */
export const pathParts = {
  'short-code': z.string().regex(datasetCodePattern).describe("The dataset's short code."),
  id: z.uuid().describe("The job's id: the last part of its address."),
  extension: z.enum(['ttl', 'json', 'html']).describe('Turtle, RDF/JSON or a page for people.'),
};

const jobRequestForm = z.object(jobRequestParts).partial();

/** In JSON, null is the same as leaving it out. */
const jobRequestJson = z.object({
  jobType: jobType.nullish(),
  startTime: startTime.nullish(),
  apikey: apikey.nullish(),
});

const problemDocument = z
  .object({
    type: z.enum(errorCodes.map(problemType)).describe('Which error it is; it never changes.'),
    title: z.string().describe('The same for each error of this type.'),
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

/** What the document's `components.schemas` are made from. */
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

/** The JSON Schema of one value. Input: fields may be added to documents without breaking a client. */
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
