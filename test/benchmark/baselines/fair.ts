// What a team would write that wants what the product promises for an accepted job, in the plain way: one
// check of the key, one of the ownership, one record with its commit for each request, then the queue.
import { createHash } from 'node:crypto';
import { Queue } from 'bullmq';
import express from 'express';
import pg from 'pg';
import { settings } from './settings.ts';

const { port, databaseUrl, redisUrl } = settings();
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const queue = new Queue('jobs', { connection: { url: redisUrl }, prefix: 'fair' });
const app = express();
app.use(express.json());
app.post('/dataset/:code/jobs', async (request, response) => {
  const digest = createHash('sha256')
    .update(request.header('x_kasabi_apikey') ?? '')
    .digest();
  const keys = await pool.query<{ id: number; owner_id: number }>({
    name: 'key',
    text: 'SELECT id, owner_id FROM kasabi.api_key WHERE digest = $1 AND revoked IS NULL',
    values: [digest],
  });
  const [key] = keys.rows;
  if (key === undefined) {
    response.status(401).send('unknown key');
    return;
  }
  const datasets = await pool.query<{ id: number }>({
    name: 'dataset',
    text: 'SELECT id FROM kasabi.dataset WHERE code = $1 AND owner_id = $2',
    values: [request.params.code, key.owner_id],
  });
  const [dataset] = datasets.rows;
  if (dataset === undefined) {
    response.status(401).send('not yours');
    return;
  }
  const { jobType, startTime } = request.body as { jobType: string; startTime: string };
  const records = await pool.query<{ id: string }>({
    name: 'insert',
    text: `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
           VALUES ($1, $2, greatest($3, now()), greatest($3, now()), $4) RETURNING id`,
    values: [dataset.id, jobType, startTime, key.id],
  });
  const jobId = records.rows[0]?.id ?? '';
  const delay = Math.max(0, Date.parse(startTime) - Date.now());
  await queue.add(jobType, {}, { jobId, delay });
  response.status(202).send(`/data/${request.params.code}/jobs/${jobId}`);
});
app.listen(port);
