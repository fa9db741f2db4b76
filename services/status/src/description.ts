import type { Dataset } from '@kasabi/datasets';
import { formatDateTime } from '@kasabi/protocol';
import { DataFactory, type Quad, Writer } from 'n3';

/** Where clients reach the two services; both without a trailing slash. */
export interface ServiceUrls {
  readonly apiUrl: string;
  readonly statusUrl: string;
}

/** The description of a dataset, in any format. */
export interface Description {
  readonly iri: string;
  readonly code: string;
  readonly title: string;
  readonly created: string;
  /** When it was published; undefined for a draft. */
  readonly issued: string | undefined;
  readonly jobsEndpoint: string;
  readonly statusEndpoint: string;
}

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const xsd = 'http://www.w3.org/2001/XMLSchema#';
const dcterms = 'http://purl.org/dc/terms/';
const voidNs = 'http://rdfs.org/ns/void#';
/** The platform's own terms for the services of a dataset, which clients have looked for since 2011. */
const services = 'http://labs.kasabi.com/ns/services#';

/**
 * Describes a dataset of this deployment. Its IRI is the address of its description on the status host: clients look for
 * triples about exactly the address that they requested.
 *
 * The number of its triples (`void:triples`) is left out: counting them would scan the whole dataset, and Postgres's
 * estimate may be completely wrong just after a load or a reset.
 */
export function describeDataset(dataset: Dataset, urls: ServiceUrls): Description {
  const iri = `${urls.statusUrl}/dataset/${dataset.code}`;
  return {
    iri,
    code: dataset.code,
    title: dataset.title,
    created: formatDateTime(dataset.created),
    issued: dataset.published === null ? undefined : formatDateTime(dataset.published),
    jobsEndpoint: `${urls.apiUrl}/dataset/${dataset.code}/jobs`,
    statusEndpoint: `${iri}/status`,
  };
}

/**
 * The description as triples, in the terms of VoID (the W3C note "Describing Linked Datasets with the VoID Vocabulary")
 * and Dublin Core. All have the same subject: clients of 2011 take the first subject in the RDF/JSON as the dataset.
 */
function toTriples(description: Description): Quad[] {
  const { namedNode, literal, quad } = DataFactory;
  const dateTime = namedNode(`${xsd}dateTime`);
  const about = (predicate: string, object: Quad['object']): Quad =>
    quad(namedNode(description.iri), namedNode(predicate), object);
  return [
    about(`${rdf}type`, namedNode(`${voidNs}Dataset`)),
    about(`${dcterms}title`, literal(description.title)),
    about(`${dcterms}identifier`, literal(description.code)),
    about(`${dcterms}created`, literal(description.created, dateTime)),
    ...(description.issued === undefined
      ? []
      : [about(`${dcterms}issued`, literal(description.issued, dateTime))]),
    about(`${services}jobsEndpoint`, namedNode(description.jobsEndpoint)),
    about(`${services}statusEndpoint`, namedNode(description.statusEndpoint)),
  ];
}

/** The description in Turtle (W3C recommendation "RDF 1.1 Turtle"). */
export function toTurtle(description: Description): string {
  const writer = new Writer({ prefixes: { dcterms, services, void: voidNs, xsd } });
  writer.addQuads(toTriples(description));
  let turtle = '';
  // Without a stream, it calls back before it returns.
  writer.end((_error, result: string) => {
    turtle = result;
  });
  return turtle;
}

interface RdfJsonObject {
  readonly type: 'uri' | 'literal';
  readonly value: string;
  readonly datatype?: string;
}

/** The description in RDF/JSON (W3C note "RDF 1.1 JSON Alternate Serialization"). */
export function toRdfJson(description: Description): string {
  const predicates: Record<string, RdfJsonObject[]> = {};
  for (const { predicate, object } of toTriples(description)) {
    predicates[predicate.value] ??= [];
    predicates[predicate.value]?.push(toRdfJsonObject(object));
  }
  return JSON.stringify({ [description.iri]: predicates });
}

function toRdfJsonObject(object: Quad['object']): RdfJsonObject {
  if (object.termType !== 'Literal') return { type: 'uri', value: object.value };
  const { value, datatype } = object;
  // Strings have no datatype here: RDF/JSON is older than RDF 1.1, and so are its readers.
  if (datatype.value === `${xsd}string`) return { type: 'literal', value };
  return { type: 'literal', value, datatype: datatype.value };
}
