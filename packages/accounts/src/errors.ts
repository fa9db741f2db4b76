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

/** The name is not of the form that the registry allows. */
export class OwnerNameInvalid extends Error {
  readonly code = 'owner-name-invalid';
  constructor(name: string) {
    super(
      `"${name}" is not a valid owner name: use 1 to 63 lower-case letters, digits, ".", "_" and "-", and begin with a letter or digit.`,
    );
  }
}

/** The key given to be issued is another owner's. */
export class KeyTaken extends Error {
  readonly code = 'key-taken';
  constructor() {
    super('That key belongs to another owner; choose another.');
  }
}
