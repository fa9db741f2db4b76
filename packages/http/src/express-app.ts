import express, { type Express } from 'express';

/** Creates an Express app that does not identify itself. */
export function createExpressApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}
