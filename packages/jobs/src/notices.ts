/** The message in the record of a new job on a published dataset, as SQL text. */
export const publishedNotice =
  "'The dataset is published: its users cannot change it while the job runs, and find it empty afterwards.'";
