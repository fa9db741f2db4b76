import { type JobParameters, type JobType, jobTypeNames, jobTypes } from '@kasabi/domain';
import { parseMoment, submitAsOperator } from '@kasabi/operations';
import { type Command, InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { addExamples, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { requireDone } from '../errors.ts';
import { printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** Adds `job submit`. */
export function addSubmitCommand(job: Command): void {
  const submit = job
    .command('submit')
    .description("ask for a job in the name of the dataset's owner")
    .argument('<CODE>', "the dataset's short code")
    .argument('<TYPE>', jobTypeNames.join(', '), readType)
    .option('--param <NAME=VALUE...>', describeParameters(), collect, [])
    .option('--start-time <TIME>', 'when to start; at once unless given', readTime)
    .addOption(jsonOption())
    .action(async (dataset: string, type: JobType, options: SubmitOptions) => {
      const refuse = (problem: string): never => submit.error(`error: ${problem}`);
      const parameters = readJobParameters(type, options.param, refuse);
      const { startTime } = options;
      const asked = { dataset, type, parameters, startTime, operatorAddress };
      const { jobId: id } = requireDone(
        await withDatabase((pool) => submitAsOperator(pool, asked)),
        dataset,
      );
      printResult(options, { id, dataset, type }, `The job ${id} is a ${type} of ${dataset}.`);
    });
  addExamples(
    submit,
    'job submit nasa reset --param keepExport=true',
    'job submit nasa restore --param source=01a20890-2c31-7b0e-9d55-3f0c7a1be2d4',
    'job submit nasa export --start-time 2027-01-31T14:30:00Z',
  );
}

interface SubmitOptions {
  readonly param: readonly string[];
  readonly startTime?: Date;
  readonly json?: true;
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

function readType(value: string): JobType {
  const type = jobTypeNames.find((it) => it === value);
  if (type === undefined) {
    throw new InvalidArgumentError(`There are ${jobTypeNames.join(', ')}.`);
  }
  return type;
}

function readTime(value: string): Date {
  const moment = parseMoment(value, new Date());
  if (moment === undefined)
    throw new InvalidArgumentError('Give a time, such as 2027-01-31T14:30Z.');
  return moment;
}

const parametersOf = (type: JobType): z.ZodObject => jobTypes[type].parameters;

function describeParameters(): string {
  const each = jobTypeNames.flatMap((type) =>
    Object.keys(parametersOf(type).shape).map((name) => `${name} (${type})`),
  );
  return `a parameter of its type: ${each.join(', ')}`;
}

/**
 * Reads the parameters as the catalog of job types describes them.
 *
 * @param refuse ends the command with what is wrong with them.
 */
function readJobParameters(
  type: JobType,
  pairs: readonly string[],
  refuse: (problem: string) => never,
): JobParameters {
  const schema = parametersOf(type);
  const given = new Map<string, string>();
  for (const pair of pairs) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
    if (!(name in schema.shape)) {
      const known = Object.keys(schema.shape).map((it) => `${it}=…`);
      refuse(`${pair} is not a parameter of ${type}, which has ${known.join(', ')}.`);
    }
    given.set(name, value);
  }
  const read = schema.safeParse(Object.fromEntries(given));
  return read.success ? read.data : refuse(read.error.issues[0]?.message ?? '');
}
