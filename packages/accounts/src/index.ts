export {
  type Access,
  type Authorization,
  authorize,
  authorizeAll,
  joinAccess,
  verdict,
} from './authorize.ts';
export { KeyTaken, OwnerExists, OwnerNameInvalid, OwnerUnknown } from './errors.ts';
export { digestKey, generateKey, type IssuedKey, issueKey, revokeKey } from './keys.ts';
export {
  type KeySummary,
  listKeys,
  listOwners,
  type OwnerSummary,
  ownerExists,
} from './lists.ts';
export { createOwner, ownerNamePattern } from './owners.ts';
