/** There is no owner with that name. */
export class OwnerUnknown extends Error {
  readonly code = 'owner-unknown';
  constructor(name: string) {
    super(`There is no owner "${name}"; create one with: npm run admin -- owner create ${name}`);
  }
}

/** Another owner has the name. */
export class OwnerExists extends Error {
  readonly code = 'owner-exists';
  constructor(name: string) {
    super(`There is already an owner "${name}"; choose another name.`);
  }
}

/** The name does not have the required form. */
export class OwnerNameInvalid extends Error {
  readonly code = 'owner-name-invalid';
  constructor(name: string) {
    super(
      `"${name}" is not a valid owner name: use 1 to 63 lower-case letters, digits, ".", "_" and "-", and begin with a letter or digit.`,
    );
  }
}

/** The key to be issued belongs to another owner. */
export class KeyTaken extends Error {
  readonly code = 'key-taken';
  constructor() {
    super('That key belongs to another owner; choose another.');
  }
}
