export {
  BaseIriInvalid,
  RdfFileDamaged,
  RdfFileUnreadable,
  RdfFormatUnknown,
  RdfSyntaxError,
} from './errors.ts';
export { rdfExtensions } from './format.ts';
export { openRdf } from './open.ts';
