export { type Authorization, authorize } from './authorize.ts';
export { OwnerExists, OwnerUnknown } from './errors.ts';
export { digestKey, generateKey, type IssuedKey, issueKey, revokeKey } from './keys.ts';
export { createOwner } from './owners.ts';
