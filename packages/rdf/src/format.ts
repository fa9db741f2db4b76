import path from 'node:path';
import { RdfFormatUnknown } from './errors.ts';

/** An RDF format that can be loaded. */
export interface RdfFormat {
  /** N3.js's name for it. The two line-based formats are parsed strictly, not as the Turtle they resemble. */
  readonly mediaType: string;
  /** Turtle and TriG allow relative IRIs. */
  readonly allowsRelativeIris: boolean;
}

const formats: Readonly<Record<string, RdfFormat>> = {
  '.nq': { mediaType: 'application/n-quads', allowsRelativeIris: false },
  '.nt': { mediaType: 'application/n-triples', allowsRelativeIris: false },
  '.ttl': { mediaType: 'text/turtle', allowsRelativeIris: true },
  '.trig': { mediaType: 'application/trig', allowsRelativeIris: true },
};

/** The file name extensions that `loadDataset` knows; each may be followed by `.gz`. */
export const rdfExtensions: readonly string[] = Object.keys(formats);

/**
 * The format of a file according to its name.
 *
 * @throws RdfFormatUnknown
 */
export function rdfFormatOf(file: string): RdfFormat {
  const name = path.basename(file).toLowerCase();
  const extension = path.extname(name.endsWith('.gz') ? name.slice(0, -'.gz'.length) : name);
  const format = formats[extension];
  if (format === undefined) throw new RdfFormatUnknown(file, rdfExtensions);
  return format;
}
