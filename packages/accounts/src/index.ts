export * from './authorize.ts';
export * from './errors.ts';
export { digestKey, generateKey, type IssuedKey, issueKey, revokeKey } from './keys.ts';
export * from './lists.ts';
export * from './owners.ts';
