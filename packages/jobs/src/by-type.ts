import { type JobType, type JobTypeEntry, jobTypeNames, jobTypes } from '@kasabi/domain';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** SQL for an array of job types. */
export const typesArray = (types: readonly JobType[]): string =>
  `ARRAY[${types.map(literal).join(', ')}]::text[]`;

/** SQL for the message in the record of a job on a published dataset; `type` is SQL for the job's type. */
export function publishedNotice(type: string): string {
  const whens = jobTypeNames.flatMap((name) => {
    const { publishedNotice: notice }: JobTypeEntry = jobTypes[name];
    return notice === null ? [] : [`WHEN ${literal(name)} THEN ${literal(notice)}`];
  });
  return `CASE ${type} ${whens.join(' ')} END`;
}
