export {
  BaseIriInvalid,
  RdfFileDamaged,
  RdfFileUnreadable,
  RdfFormatUnknown,
  RdfSyntaxError,
} from './errors.ts';
export { rdfExtensions } from './format.ts';
export { openRdf, type QuadTerms, type RdfOptions, type RdfQuads } from './open.ts';
