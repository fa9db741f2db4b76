/** There is no owner of that name. */
export class OwnerUnknown extends Error {
  readonly code = 'owner-unknown';
  constructor(name: string) {
    super(`There is no owner "${name}"; create one with: npm run admin -- owner create ${name}`);
  }
}

/** The name is taken by another owner. */
export class OwnerExists extends Error {
  readonly code = 'owner-exists';
  constructor(name: string) {
    super(`There is an owner "${name}" already; choose another name.`);
  }
}
