import type { Dataset } from '@kasabi/datasets';
import type { NewestExport } from '@kasabi/jobs';
import { formatDateTime } from '@kasabi/protocol';
import { DataFactory, type NamedNode, type Quad, Writer } from 'n3';

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
  /** The newest file of its data. */
  readonly dump: Dump | undefined;
}

/** A file of a dataset's data, as it was at one moment. */
interface Dump {
  readonly url: string;
  readonly issued: string;
  readonly quads: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly isCompressed: boolean;
}

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const xsd = 'http://www.w3.org/2001/XMLSchema#';
const dcterms = 'http://purl.org/dc/terms/';
const voidNs = 'http://rdfs.org/ns/void#';
/** The platform's own terms for the services of a dataset, which clients have looked for since 2011. */
const dcat = 'http://www.w3.org/ns/dcat#';
const spdx = 'http://spdx.org/rdf/terms#';
const mediaTypes = 'https://www.iana.org/assignments/media-types/application/';
const services = 'http://labs.kasabi.com/ns/services#';

/**
 * Describes a dataset of this deployment. Its IRI is the address of its description on the status host: clients look for
 * triples about exactly the address that they requested.
 *
 * The number of its triples (`void:triples`) is that of its newest export, where there is one. Otherwise it is left out:
 * counting them would scan the whole dataset, and Postgres's estimate may be completely wrong just after a load or a
 * reset.
 */
export function describeDataset(
  dataset: Dataset,
  urls: ServiceUrls,
  newest?: NewestExport,
): Description {
  const iri = `${urls.statusUrl}/dataset/${dataset.code}`;
  return {
    iri,
    code: dataset.code,
    title: dataset.title,
    created: formatDateTime(dataset.created),
    issued: dataset.published === null ? undefined : formatDateTime(dataset.published),
    jobsEndpoint: `${urls.apiUrl}/dataset/${dataset.code}/jobs`,
    statusEndpoint: `${iri}/status`,
    dump: newest && dumpOf(dataset, urls, newest),
  };
}

function dumpOf({ code }: Dataset, urls: ServiceUrls, { jobId, file }: NewestExport): Dump {
  const { quads, bytes, sha256, format, snapshotTime } = file;
  return {
    url: `${urls.statusUrl}/data/${code}/exports/${jobId}`,
    issued: formatDateTime(new Date(snapshotTime)),
    ...{ quads, bytes, sha256 },
    isCompressed: format === 'nq.gz',
  };
}

/**
 * The description as triples, in the terms of VoID (the W3C note "Describing Linked Datasets with the VoID Vocabulary")
 * and Dublin Core, and its newest export in those of DCAT and SPDX. The dataset is the first subject, because clients of
 * 2011 take the first one in the RDF/JSON as the dataset.
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
    ...(description.dump === undefined ? [] : dumpTriples(description.iri, description.dump)),
  ];
}

/** The triples about a file: of the dataset, of the file as its distribution, and of the file's digest. */
function dumpTriples(iri: string, dump: Dump): Quad[] {
  const { namedNode, literal, quad } = DataFactory;
  const [dataset, file, digest] = [iri, `${iri}#export`, `${iri}#export-sha256`].map(namedNode) as [
    NamedNode,
    NamedNode,
    NamedNode,
  ];
  const typed = (value: string | number, type: string) =>
    literal(String(value), namedNode(`${xsd}${type}`));
  const triple = (subject: NamedNode, predicate: string, object: Quad['object']): Quad =>
    quad(subject, namedNode(predicate), object);
  return [
    triple(dataset, `${voidNs}dataDump`, namedNode(dump.url)),
    triple(dataset, `${voidNs}triples`, typed(dump.quads, 'integer')),
    triple(dataset, `${dcat}distribution`, file),
    triple(file, `${rdf}type`, namedNode(`${dcat}Distribution`)),
    triple(file, `${dcat}downloadURL`, namedNode(dump.url)),
    triple(file, `${dcat}byteSize`, typed(dump.bytes, 'nonNegativeInteger')),
    triple(file, `${dcat}mediaType`, namedNode(`${mediaTypes}n-quads`)),
    ...(dump.isCompressed
      ? [triple(file, `${dcat}compressFormat`, namedNode(`${mediaTypes}gzip`))]
      : []),
    triple(file, `${dcterms}issued`, typed(dump.issued, 'dateTime')),
    triple(file, `${spdx}checksum`, digest),
    triple(digest, `${rdf}type`, namedNode(`${spdx}Checksum`)),
    triple(digest, `${spdx}algorithm`, namedNode(`${spdx}checksumAlgorithm_sha256`)),
    triple(digest, `${spdx}checksumValue`, typed(dump.sha256, 'hexBinary')),
  ];
}

/** The description in Turtle (W3C recommendation "RDF 1.1 Turtle"). */
export function toTurtle(description: Description): string {
  const writer = new Writer({ prefixes: { dcat, dcterms, services, spdx, void: voidNs, xsd } });
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
  const subjects: Record<string, Record<string, RdfJsonObject[]>> = {};
  for (const { subject, predicate, object } of toTriples(description)) {
    const about = subjects[subject.value] ?? {};
    subjects[subject.value] = about;
    about[predicate.value] = [...(about[predicate.value] ?? []), toRdfJsonObject(object)];
  }
  return JSON.stringify(subjects);
}

function toRdfJsonObject(object: Quad['object']): RdfJsonObject {
  if (object.termType !== 'Literal') return { type: 'uri', value: object.value };
  const { value, datatype } = object;
  // Strings have no datatype here: RDF/JSON is older than RDF 1.1, and so are its readers.
  if (datatype.value === `${xsd}string`) return { type: 'literal', value };
  return { type: 'literal', value, datatype: datatype.value };
}
