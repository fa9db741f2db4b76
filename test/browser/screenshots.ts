// Takes the pictures of the operations page that docs/operations.md shows:
//   npx node --conditions=kasabi-source test/browser/screenshots.ts
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { createPool } from '@kasabi/postgres';
import { startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';
import { launchBrowser } from './support/browser.ts';
import { type Look, openPage, operatorPassword, signIn } from './support/pages.ts';

const folder = path.join(projectRoot, 'test/browser/screenshots');
const datasets = ['nasa', 'dbo', 'schema', 'books', 'geonames', 'reuters', 'eurostat'];

/** SQL for a histogram of the tally with one slow job, and all others about as fast as each other. */
const histogram = (typicalMs: string, slowMs: string): string => {
  const bucket = (ms: string): string => `ceil(ln(${ms}) / ln(1.1))::int::text`;
  return `jsonb_build_object(${bucket(typicalMs)}, accepted - 1, ${bucket(slowMs)}, 1)`;
};

// Three hours of a quiet day. The jobs themselves are real; that there were more of them is not.
const tally = `
  INSERT INTO kasabi.job_tally (minute, type, accepted, completed, failed, drift_histogram, run_histogram)
  SELECT minute, 'reset', accepted, accepted, CASE WHEN random() < 0.06 THEN 1 ELSE 0 END,
         ${histogram('20 + 12 * random()', '60 + 90 * random() * random()')},
         ${histogram('30 + 10 * random()', '110 + 60 * random()')}
  FROM (SELECT minute, (24 + 14 * sin(extract(epoch FROM minute) / 2600) + 9 * random())::int AS accepted
        FROM generate_series(date_trunc('minute', now() - interval '3 hours'),
                             date_trunc('minute', now() - interval '2 minutes'), interval '1 minute')
          AS minute) AS day
  ON CONFLICT DO NOTHING`;

const pictures: readonly (readonly [file: string, look: Look, target: string, height: number])[] = [
  ['now', ['desktop', 'light'], '/ops', 1100],
  ['now-dark', ['desktop', 'dark'], '/ops', 1100],
  ['now-phone', ['phone', 'light'], '/ops', 1000],
  ['job', ['desktop', 'light'], '/ops/jobs/ENDED', 900],
  ['job-phone-dark', ['phone', 'dark'], '/ops/jobs/ENDED', 1000],
  ['jobs-dark', ['desktop', 'dark'], '/ops/jobs', 700],
  ['dataset-locked', ['desktop', 'light'], '/ops/datasets/geonames', 520],
  ['upcoming', ['desktop', 'light'], '/ops/coming', 700],
];

const stack = await startPrivateStack({ datasets, operatorPassword });
const pool = createPool({
  url: stack.databaseUrl,
  applicationName: 'screenshots',
  onIdleError: () => {},
});
const browser = await launchBrowser();
try {
  const submit = async (dataset: string, startsInMs: number): Promise<string> => {
    const startTime = new Date(Date.now() + startsInMs).toISOString();
    const answer = await fetch(`${stack.api.url}/dataset/${dataset}/jobs`, {
      method: 'POST',
      headers: { X_KASABI_APIKEY: stack.key },
      body: new URLSearchParams({ jobType: 'reset', startTime }),
    });
    return (await answer.text()).split('/').at(-1) ?? '';
  };
  for (let n = 1; n <= 60; n += 1) {
    await submit(datasets[n % datasets.length] ?? '', n * n * 9_000 + 600_000 * (n % 3));
  }
  const ended = await submit('nasa', 0);
  for (const dataset of ['dbo', 'schema', 'books']) await submit(dataset, 0);
  const countOpen = `SELECT count(*)::int AS open FROM kasabi.job WHERE due < now() AND end_time IS NULL`;
  await waitFor(async () => (await pool.query(countOpen)).rows[0].open === 0, {
    what: 'the jobs that are due to end',
  });
  await pool.query(tally);
  mkdirSync(folder, { recursive: true });
  for (const [file, look, target, height] of pictures) {
    if (file === 'dataset-locked') {
      // As a platform's bug might leave it: locked, by a job that has ended.
      await pool.query(
        `UPDATE kasabi.dataset SET storage_mode = 'read-only', locked_by = $1, locked_at = now() - interval '7 minutes'
         WHERE code = 'geonames'`,
        [ended],
      );
    }
    const { page, context } = await openPage(
      browser,
      look,
      stack.operations.url + target.replace('ENDED', ended),
    );
    await signIn(page);
    await page.locator('#bar .pill').waitFor();
    const { width } = page.viewportSize() ?? { width: 0 };
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: path.join(folder, `${file}.png`) });
    await context.close();
    process.stdout.write(`${file}.png\n`);
  }
} finally {
  await browser.close();
  await pool.end();
  await stack.stop();
}
