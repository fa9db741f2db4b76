import { execFile } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { signIn } from '@kasabi/test/support/operator';
import { environment } from '../../support/env.ts';

export const operatorPassword = 'an-operators-password';

/** Where an operator looks. */
export interface Watched {
  readonly operationsUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** A finding, by its name and in its own words. */
export interface Said {
  readonly code: string;
  readonly what: string;
}

/** Signs in at the operations page and returns what reads its first view. */
export async function openPage(operationsUrl: string): Promise<() => Promise<Said[]>> {
  const operator = await signIn(operationsUrl, operatorPassword);
  return async () => readFindings((await operator.look('')).text);
}

/** What the page says is wrong: the line about what is away, and the findings. */
function readFindings(page: string): Said[] {
  const trouble = /<div id="trouble"[^>]*><p>(.*?)<\/p>/s.exec(page)?.[1];
  const findings = [...page.matchAll(/<li class="finding.*?<\/li>/gs)].map(([item]) => ({
    code: /<code>(.*?)<\/code>/.exec(item)?.[1] ?? '',
    what: textOf(/<p class="what">(.*?)<\/p>/s.exec(item)?.[1] ?? '').replace(/^\w+: /, ''),
  }));
  // It shows what it showed before, below a line of its own that says why.
  if (trouble === undefined) return findings;
  const code = trouble.startsWith('Postgres') ? 'postgres-down' : 'trouble';
  return [{ code, what: textOf(trouble) }, ...findings];
}

const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

/** What `npm run admin -- doctor` finds wrong, and its exit code. */
export function askDoctor({
  databaseUrl,
  redisUrl,
}: Watched): Promise<{ code: number; said: Said[] }> {
  const program = path.join(projectRoot, 'packages/admin/dist/main.js');
  const { PATH, TEST_RUN_ID } = environment();
  const env = { PATH, TEST_RUN_ID, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, 'doctor', '--json'],
      { env, timeout: 60_000 },
      (error, out, err) => {
        if (err !== '') return reject(new Error(err));
        const { checks } = JSON.parse(out) as {
          checks: { name: string; status: string; what: string }[];
        };
        const ill = checks.filter(({ status }) => status === 'warn' || status === 'fail');
        const said = ill.map(({ name, what }) => ({ code: name, what }));
        resolve({ code: error === null ? 0 : Number(error.code), said });
      },
    );
  });
}
