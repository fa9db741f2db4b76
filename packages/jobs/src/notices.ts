/** What the record of a job on a published dataset says from the beginning, as SQL text. */
export const publishedNotice =
  "'The dataset is published: its users cannot change it while the job runs, and find it empty afterwards.'";
