// What Express costs by itself: it reads a JSON body and answers.
import express from 'express';
import { settings } from './settings.ts';

const app = express();
app.use(express.json());
app.post('/dataset/:code/jobs', (_request, response) => {
  response.status(202).send('accepted');
});
app.listen(settings().port);
