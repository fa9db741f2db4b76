import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type pg from 'pg';
import type { TestStack } from './stack.ts';
import { waitFor } from './wait-for.ts';

/** Makes jobs that are due in `dueInSeconds`, without a worker hearing of them, and returns their ids. */
export async function makeJobs(
  pool: pg.Pool,
  count: number,
  dueInSeconds = 86_400,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
     SELECT d.id, 'reset', at, at, k.id
     FROM (SELECT now() + $2 * interval '1 second' AS at) AS due, generate_series(1, $1),
          kasabi.dataset d JOIN kasabi.api_key k USING (owner_id)
     WHERE d.id = 1 AND k.id = 1
     RETURNING id`,
    [count, dueInSeconds],
  );
  return rows.map((row) => row.id);
}

/** What a worker would have done to a job, as far as its watchers can see. */
export const become = {
  running: `status = 'running', attempt = attempt + 1, started = start_time,
            lease_holder = 'test', lease_expires = now() + interval '1 day'`,
  retrying: `status = 'scheduled', message = 'Once more.', lease_holder = NULL, lease_expires = NULL`,
  completed: `status = 'completed', end_time = clock_timestamp(),
              lease_holder = NULL, lease_expires = NULL`,
  failed: `status = 'failed', end_time = clock_timestamp(), message = 'It was not to be.',
           reason = 'busy'`,
  cancelled: `status = 'cancelled', end_time = clock_timestamp(), message = 'Cancelled by a test.'`,
} as const;

/** Brings jobs into another state; the one that runs ends when another is to run. */
export async function change(
  pool: pg.Pool,
  ids: string | readonly string[],
  state: keyof typeof become,
): Promise<void> {
  if (state === 'running') {
    await pool.query(`UPDATE kasabi.job SET ${become.completed} WHERE status = 'running'`);
  }
  await pool.query(`UPDATE kasabi.job SET ${become[state]} WHERE id = ANY($1)`, [[ids].flat()]);
}

/** An open event stream. */
export interface Events {
  readonly response: IncomingMessage;
  /** The events so far, without comments. */
  events(): ReadonlyArray<Readonly<Record<string, string>>>;
  text(): string;
  /** Waits for the event of this number, from 1, and returns it. */
  nth(number: number): Promise<Readonly<Record<string, string>>>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<unknown>;
  close(): void;
}

/** Opens the event stream of a job. */
export async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Events> {
  const request: ClientRequest = get(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // Closed by the test in the midst of it.
  response.on('error', () => undefined);
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map((block) => block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      .map((lines) => Object.fromEntries(lines) as Record<string, string>)
      .filter((event) => event['data'] !== undefined);
  return {
    response,
    events,
    text: () => text,
    nth: (number) => waitFor(() => events()[number - 1], { what: `event ${number}`, everyMs: 5 }),
    ended: new Promise((resolve) => response.once('end', resolve)),
    close: () => request.destroy(),
  };
}

/** Where a job is watched. */
export const jobUrl = (stack: TestStack, id: string): string =>
  `${stack.statusUrl}/data/${stack.dataset}/jobs/${id}`;
