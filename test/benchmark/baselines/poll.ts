// What reading a job costs at least: one prepared SELECT by primary key. No API key, no ownership.
import express from 'express';
import pg from 'pg';
import { settings } from './settings.ts';

const { port, databaseUrl } = settings();
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const app = express();
app.get('/data/:code/jobs/:id', async (request, response) => {
  const { rows } = await pool.query({
    name: 'job',
    text: `SELECT created, start_time AS "startTime", end_time AS "endTime", status
           FROM kasabi.job WHERE id = $1`,
    values: [request.params.id],
  });
  response.json(rows[0]);
});
app.listen(port);
