import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, constants as zlib } from 'node:zlib';
import { copyDataset, getDataset, replaceDataset } from '@kasabi/datasets';
import { jobTypes } from '@kasabi/domain';
import {
  plural,
  readJob,
  recordAction,
  recordingRefusal,
  submitAsOperator,
} from '@kasabi/operations';
import type { Command } from 'commander';
import type pg from 'pg';
import { addExamples, jsonOption } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { resolveFile } from '../env.ts';
import { ActionRefused, requireDone } from '../errors.ts';
import { withInterrupt } from '../interrupt.ts';
import { printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** How long an export waits for somebody who alters the table, in milliseconds. */
const lockTimeoutMs = 10_000;

/** How often to look at a job that is waited for, in milliseconds. */
const lookMs = 250;

/** Adds `dataset export` and `dataset restore`. */
export function addFileCommands(dataset: Command): void {
  const exports = dataset
    .command('export')
    .description('write all data of a dataset, as it is at one moment, to a file of N-Quads')
    .argument('<CODE>', "the dataset's short code")
    .argument('<FILE>', 'a new file; compressed if its name ends with .gz')
    .addOption(jsonOption())
    .action(async (code: string, name: string, options: { json?: true }) => {
      const file = resolveFile(name);
      const quads = await withInterrupt((signal) =>
        withDatabase((pool) => exportTo(pool, code, file, signal)),
      );
      const words = `Wrote ${plural(quads, 'quad')} of ${code} to ${path.basename(file)}.`;
      printResult(options, { code, file, quads }, words);
    });
  addExamples(exports, 'dataset export nasa nasa.nq.gz');

  const restore = dataset
    .command('restore')
    .description(
      'replace all data of a dataset with that of an export, or with nothing changed fail',
    )
    .argument('<CODE>', "the dataset's short code")
    .argument('<SOURCE>', 'a file that an export has made (.nq, .nq.gz), or the id of a job')
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (code: string, source: string, options: { yes?: true; json?: true }) => {
      await confirm(
        `This replaces all data of the dataset ${code} with that of ${source}.`,
        options.yes,
      );
      const asked = jobTypes.restore.parameters.safeParse({ source });
      const quads = await withInterrupt((signal) =>
        withDatabase((pool) =>
          asked.success
            ? restoreByJob(pool, code, asked.data, signal)
            : restoreFrom(pool, code, resolveFile(source), signal),
        ),
      );
      printResult(options, { code, source, quads }, `${code} has ${plural(quads, 'quad')} now.`);
    });
  addExamples(
    restore,
    'dataset restore nasa nasa.nq.gz',
    'dataset restore nasa 01a20890-2c31-7b0e-9d55-3f0c7a1be2d4 --yes',
  );
}

/** What the log of operators' actions says of a command, apart from how it ended. */
const aboutFile = (
  action: 'dataset-export' | 'dataset-restore',
  dataset: string,
  file: string,
) => ({
  ...{ action, dataset, operatorAddress },
  detail: path.basename(file),
});

async function exportTo(
  pool: pg.Pool,
  code: string,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  const about = aboutFile('dataset-export', code, file);
  return await recordingRefusal(pool, about, async () => {
    const { id: datasetId } = await getDataset(pool, code);
    const isThere = await access(file, constants.F_OK).then(
      () => true,
      () => false,
    );
    if (isThere) throw new ActionRefused(`${file} is there already; nothing was written.`);
    const partial = `${file}.part`;
    const request = { datasetId, sessionName: 'kasabi-admin-export', lockTimeoutMs, signal };
    try {
      const quads = await copyDataset(pool, request, async (copy) => {
        const out = createWriteStream(partial, { flags: 'wx', flush: true });
        if (file.endsWith('.gz')) {
          await pipeline(copy.lines, createGzip({ level: zlib.Z_BEST_SPEED }), out, { signal });
        } else await pipeline(copy.lines, out, { signal });
        return copy.quads;
      });
      await rename(partial, file);
      await recordAction(pool, { ...about, detail: `${quads} quads to ${about.detail}` });
      return quads;
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  });
}

async function restoreFrom(
  pool: pg.Pool,
  code: string,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  const about = aboutFile('dataset-restore', code, file);
  async function* lines(): AsyncGenerator<Uint8Array> {
    const content = createReadStream(file);
    yield* file.endsWith('.gz') ? content.compose(createGunzip()) : content;
  }
  return await recordingRefusal(pool, about, () =>
    replaceDataset(pool, code, {
      ...{ lines: lines(), signal },
      alongside: (client, quads) =>
        recordAction(client, { ...about, detail: `${quads} quads of ${about.detail}` }),
    }),
  );
}

/** Asks for a restore and waits for its end. When that is interrupted, the job goes on. */
async function restoreByJob(
  pool: pg.Pool,
  code: string,
  parameters: { readonly source: string },
  signal: AbortSignal,
): Promise<number> {
  const asked = { dataset: code, type: 'restore', parameters, operatorAddress } as const;
  const { jobId } = requireDone(await submitAsOperator(pool, asked), code);
  for (;;) {
    const job = await readJob(pool, jobId);
    if (job?.status === 'completed') return job.result?.quads ?? 0;
    if (job === undefined || job.endTime !== null) {
      throw new ActionRefused(`The job ${jobId} has failed: ${job?.message}`);
    }
    if (signal.aborted)
      throw new ActionRefused(`The job ${jobId} goes on; job show tells its end.`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
