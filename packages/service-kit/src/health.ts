import type { Express } from 'express';
import { methodNotAllowed } from './methods.ts';

/** A service's dependencies, each with a check that resolves to whether it answers now. */
export type Checks = Readonly<Record<string, () => Promise<boolean>>>;

/** A dependency that takes longer, in milliseconds, does not answer: the prober gives up, too. */
const checkTimeoutMs = 2_000;

/** Says why the process should be restarted; undefined while it should not. */
export type Trouble = () => string | undefined;

/** Adds `GET /healthz` (the process does its work) and `GET /readyz` (its dependencies answer). */
export function addHealthRoutes(app: Express, checks: Checks, trouble: Trouble): void {
  app
    .route('/healthz')
    .get((_request, response) => {
      const reason = trouble();
      response
        .status(reason === undefined ? 200 : 503)
        .set('Cache-Control', 'no-store')
        .type('text/plain')
        .send(reason === undefined ? 'alive\n' : `${reason}\n`);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
  app
    .route('/readyz')
    .get(async (_request, response) => {
      const silent = await findSilent(checks);
      response
        .status(silent.length === 0 ? 200 : 503)
        .set('Cache-Control', 'no-store')
        .type('text/plain')
        .send(silent.length === 0 ? 'ready\n' : `no answer from ${silent.join(', ')}\n`);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
}

async function findSilent(checks: Checks): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await inTime(check())] as const),
  );
  return answers.filter(([, answered]) => !answered).map(([name]) => name);
}

/** Whether the answer is yes, and comes in time. */
export async function inTime(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, false);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
