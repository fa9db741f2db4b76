const pattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is a UUID as Postgres writes one, in lower case: the form of the ids of jobs and audit records. */
export function isUuid(text: string): boolean {
  return pattern.test(text);
}

/** A UUID in the 22 characters of base64url. */
export function uuidToBase64url(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
}

/** The UUID in 22 characters of base64url. Of any other text it makes something that is not its UUID, or not one. */
export function uuidFromBase64url(text: string): string {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
