// Loaded before a service's own code: appends each statement that it sends to Postgres, once, to a file, as a
// line of JSON with the name that its connection gave.
import { appendFileSync } from 'node:fs';
import pg from 'pg';

// biome-ignore lint/style/noProcessEnv: it is loaded into processes that parse their settings later.
const file = process.env.STATEMENTS_BY_APPLICATION ?? '';
const seen = new Set();
const { query } = pg.Client.prototype;

pg.Client.prototype.query = function (first, ...rest) {
  const text = typeof first === 'string' ? first : first?.text;
  const line = JSON.stringify([this.connectionParameters.application_name, text]);
  if (typeof text === 'string' && !seen.has(line)) {
    seen.add(line);
    appendFileSync(file, `${line}\n`);
  }
  return query.call(this, first, ...rest);
};
