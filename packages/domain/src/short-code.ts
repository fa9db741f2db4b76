/** What a dataset's short code looks like: 1 to 63 lower-case letters, digits and hyphens. */
export const datasetCodePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
