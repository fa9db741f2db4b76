import path from 'node:path';
import { type LoadProgress, loadDataset } from '@kasabi/datasets';
import { formatCount, plural, recordAction, recordingRefusal } from '@kasabi/operations';
import { openRdf, rdfExtensions } from '@kasabi/rdf';
import type { Command } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { resolveFile } from '../env.ts';
import { withInterrupt } from '../interrupt.ts';
import { printResult } from '../output.ts';
import { showProgress } from '../progress.ts';
import { operatorAddress } from './operator.ts';

/** Adds `dataset load`. */
export function addLoadCommand(dataset: Command): void {
  const load = dataset
    .command('load')
    .description(
      'load an RDF file into a dataset, in addition to its present data: all of it, or nothing',
    )
    .argument('<CODE>', "the dataset's short code")
    .argument('<FILE>', `one of ${rdfExtensions.join(', ')}, each plain or gzip (.gz)`)
    .option('--base <IRI>', 'the base of relative IRIs in Turtle and TriG')
    .addOption(jsonOption())
    .action(async (code: string, file: string, options: { base?: string; json?: true }) => {
      const source = resolveFile(file);
      const fileName = path.basename(source);
      const about = {
        action: 'dataset-load',
        dataset: code,
        detail: fileName,
        operatorAddress,
      } as const;
      const progress = showProgress(process.stderr);
      try {
        const { quads, durationMs } = await withInterrupt((signal) =>
          withDatabase((pool) =>
            recordingRefusal(pool, about, async () =>
              loadDataset(pool, code, await openRdf(source, { baseIri: options.base }), {
                signal,
                onProgress: (it: LoadProgress) => progress.update(it),
                alongside: (client, loaded) =>
                  recordAction(client, { ...about, detail: `${loaded} quads of ${fileName}` }),
              }),
            ),
          ),
        );
        progress.stop();
        const result = { code, file: source, quads, durationMs };
        printResult(options, result, report(code, quads, durationMs));
      } finally {
        progress.stop();
      }
    });
  addExamples(
    load,
    'dataset load nasa nasa.nq.gz',
    'dataset load nasa nasa.ttl --base http://data.example.org/nasa/',
  );
}

function report(code: string, quads: number, durationMs: number): string {
  const seconds = durationMs / 1000;
  return `Loaded ${plural(quads, 'quad')} into ${code} in ${seconds.toFixed(1)} s (${formatCount(quads / seconds)} quads/s).`;
}
