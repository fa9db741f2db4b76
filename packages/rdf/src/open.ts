import { randomBytes } from 'node:crypto';
import type { Quad } from 'n3';
import { openRdfFile } from './file.ts';
import { rdfFormatOf } from './format.ts';
import { checkBaseIri, parseRdf } from './parse.ts';
import { termToNTriples } from './terms.ts';
import { decodeUtf8 } from './utf8.ts';

export interface RdfOptions {
  /**
   * The base of relative IRIs in Turtle and TriG until the file declares one. Without either, a relative IRI
   * is a syntax error.
   */
  readonly baseIri?: string | undefined;
}

/** A quad's terms in canonical N-Triples; the default graph is ''. */
export interface QuadTerms {
  readonly subject: string;
  readonly predicate: string;
  readonly object: string;
  readonly graph: string;
}

/** An open RDF file, as quads. */
export interface RdfQuads {
  /** Bytes of the file read so far, before decompression. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /**
   * Reads the quads, many at a time. Can be read once. Blank nodes are new for every opened file.
   *
   * @throws RdfFileUnreadable, RdfFileDamaged, RdfSyntaxError
   */
  read(): AsyncGenerator<Iterable<QuadTerms>>;
  close(): Promise<void>;
}

/**
 * Opens an RDF file. The extension decides the format (.nq, .nt, .ttl, .trig, each with or without .gz).
 * The file is streamed, so its size does not matter.
 *
 * @throws RdfFormatUnknown, BaseIriInvalid, RdfFileUnreadable
 */
export async function openRdf(path: string, options: RdfOptions = {}): Promise<RdfQuads> {
  const { baseIri } = options;
  const format = rdfFormatOf(path);
  if (baseIri !== undefined) checkBaseIri(baseIri);
  const file = await openRdfFile(path);
  // 64 random bits: no two loads share a scope, not even through a dump and a restore.
  const scope = `x${randomBytes(8).toString('hex')}-`;
  return {
    get bytesRead() {
      return file.bytesRead;
    },
    bytesTotal: file.bytesTotal,
    async *read() {
      const text = decodeUtf8(file.content(), path);
      for await (const quads of parseRdf(text, { file: path, format, baseIri })) {
        yield writeTerms(quads, scope);
      }
    },
    close: file.close,
  };
}

/** Objects, because taking arrays of four terms apart took about an eighth more processor time. */
function* writeTerms(quads: readonly Quad[], scope: string): Generator<QuadTerms> {
  for (const { subject, predicate, object, graph } of quads) {
    yield {
      subject: termToNTriples(subject, scope),
      predicate: termToNTriples(predicate, scope),
      object: termToNTriples(object, scope),
      graph: termToNTriples(graph, scope),
    };
  }
}
