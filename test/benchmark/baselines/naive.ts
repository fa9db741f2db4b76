// What a job API in front of BullMQ usually is: no API key, no ownership, no record but the queue's.
import { Queue } from 'bullmq';
import express from 'express';
import { settings } from './settings.ts';

const { port, redisUrl } = settings();
const queue = new Queue('jobs', { connection: { url: redisUrl }, prefix: 'naive' });
const app = express();
app.use(express.json());
app.post('/dataset/:code/jobs', async (request, response) => {
  const { jobType, startTime } = request.body as { jobType: string; startTime: string };
  const delay = Math.max(0, Date.parse(startTime) - Date.now());
  const job = await queue.add(jobType, { dataset: request.params.code }, { delay });
  response.status(202).send(`/data/${request.params.code}/jobs/${job.id}`);
});
app.listen(port);
