import {
  acknowledgedHours,
  acknowledgeFinding,
  type Finding,
  type FindingCode,
  findingCodes,
  formatDuration,
  markOf,
  mostAcknowledgedHours,
  parseSpan,
  unacknowledgeFinding,
} from '@kasabi/operations';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { addExamples, jsonOption, nonEmpty } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { examine } from '../doctor/examine.ts';
import { readSettings } from '../env.ts';
import { ActionRefused, requireDone } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

const codeArgument = (): Argument =>
  new Argument('<CODE>', "the finding's name, as doctor shows it").choices(findingCodes);
const subjectArgument = (): Argument =>
  new Argument('[SUBJECT]', 'the job, dataset or worker it is about, if there are several');

/** Adds `finding list`, `ack` and `unack`. */
export function addFindingCommands(program: Command): void {
  const finding = program.command('finding').alias('findings').description('what is wrong');

  const list = finding
    .command('list')
    .description('list what is wrong, acknowledged findings last')
    .addOption(jsonOption())
    .action(async (options: { json?: true }) => {
      const { findings } = await examine(readSettings());
      printResult(options, findings, findings.map(lineOf).join('\n') || 'Nothing is wrong.');
    });
  addExamples(list, 'finding list');

  const acknowledge = finding
    .command('ack')
    .alias('acknowledge')
    .description('acknowledge a finding: no alarm until it changes, or for some time')
    .addArgument(codeArgument())
    .addArgument(subjectArgument())
    .option('--for <TIME>', 'for how long, such as 30min, 8h or 7d; at most 30d', hoursOf)
    .option('--note <TEXT>', 'for other operators', nonEmpty)
    .addOption(jsonOption())
    .action(async (code: FindingCode, subject: string | undefined, options: AckOptions) => {
      const found = await findOne(code, subject);
      const hours = options.for ?? acknowledgedHours(found);
      const about = { code, subject: found.subject?.id ?? '', operatorAddress };
      const note = options.note;
      await withDatabase((pool) =>
        acknowledgeFinding(pool, { ...about, mark: markOf(found), hours, note }),
      );
      const time = formatDuration(hours * hourMs);
      const words = `Acknowledged for ${time}, or until it changes: ${found.what}`;
      printResult(options, { code, subject: about.subject, hours }, words);
    });
  addExamples(
    acknowledge,
    'finding ack redis-wiped',
    'finding ack worker-frozen host-1:17:0a1b2c3d --for 7d --note "one worker less"',
  );

  const unacknowledge = finding
    .command('unack')
    .alias('unacknowledge')
    .description('withdraw an acknowledgement: the finding raises an alarm again')
    .addArgument(codeArgument())
    .addArgument(subjectArgument())
    .addOption(jsonOption())
    .action(async (code: FindingCode, subject: string | undefined, options: { json?: true }) => {
      const about = { code, subject: subject ?? '', operatorAddress };
      requireDone(await withDatabase((pool) => unacknowledgeFinding(pool, about)));
      const words = `${nameOf(code, subject)} raises an alarm again while it persists.`;
      printResult(options, { code, subject: about.subject, acknowledged: false }, words);
    });
  addExamples(unacknowledge, 'finding unack redis-wiped');
}

interface AckOptions {
  readonly for?: number;
  readonly note?: string;
  readonly json?: true;
}

const nameOf = (code: string, subject?: string): string =>
  subject === undefined ? code : `${code} ${subject}`;

/** @throws ActionRefused when there is no such finding, or more than one. */
async function findOne(code: FindingCode, subject: string | undefined): Promise<Finding> {
  if (code === 'postgres-down') {
    throw new ActionRefused('This cannot be acknowledged: Postgres is away and cannot store it.');
  }
  const { findings } = await examine(readSettings());
  const named = findings.filter(
    (it) => it.code === code && (subject === undefined || (it.subject?.id ?? '') === subject),
  );
  const [found, ...others] = named;
  if (found === undefined) {
    throw new ActionRefused(`${nameOf(code, subject)} is not found now; nothing was changed.`);
  }
  if (others.length > 0) {
    const subjects = named.map((it) => `  ${it.subject?.id ?? '(none)'}`).join('\n');
    throw new ActionRefused(`There are several; name one of them:\n${subjects}`);
  }
  return found;
}

const lineOf = ({ code, severity, what, since, acknowledged }: Finding): string =>
  `${acknowledged === undefined ? severity : 'acknowledged'}  ${code}${since === undefined ? '' : ` since ${formatTime(since)}`}: ${what}`;

const hourMs = 3_600_000;

/** A parser for `30min`, `8h` or `7d`, for commander. */
function hoursOf(value: string): number {
  const hours = (parseSpan(value) ?? 0) / hourMs;
  if (!(hours > 0 && hours <= mostAcknowledgedHours)) {
    throw new InvalidArgumentError('Give a time such as 30min, 8h or 7d; at most 30d.');
  }
  return hours;
}
