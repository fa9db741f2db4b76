// The table of the operator's drill, DRILL.md: what is said of each fault, and where.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type FindingCode, findingCodes } from '@kasabi/operations';
import { environment } from '../../support/env.ts';

/** What was said of a fault. */
export interface Row {
  readonly code: FindingCode;
  /** How it was made. */
  readonly how: string;
  readonly page: string;
  readonly doctor: string;
  readonly alert: string;
}

const file = path.join(import.meta.dirname, '..', 'DRILL.md');

const introduction = `# The operator's drill

Each fault was made to happen to running services, on servers of their own, and then looked for where an
operator looks: on the operations page, in \`npm run admin -- doctor\`, and among the alerts that fire in a
real Prometheus. [drill.test.ts](drill.test.ts) does this in every run of the tests and writes this table with
\`WRITE_DRILL=1 npm test -- monitoring/drill\`. What to do is in the
[runbooks](../../infra/prometheus/RUNBOOKS.md).

\`# s\` is a duration, \`TIME\` a moment and \`#\` a count. The page and the doctor have their usual
thresholds. The alerts are those of [infra/prometheus](../../infra/prometheus), with their expressions as they
are; only that the drill samples and scrapes every 2 s, and that a condition must hold for 5 s (\`for\`) instead of up to a minute.`;

/** The table in Markdown, in the order of the findings. */
export function renderTable(rows: readonly Row[]): string {
  const sorted = [...rows].sort(
    (one, two) => findingCodes.indexOf(one.code) - findingCodes.indexOf(two.code),
  );
  const lines = sorted.map(({ code, how, page, doctor, alert }) => {
    const [onPage, byDoctor] = [shorten(page), shorten(doctor)];
    const same = byDoctor === onPage ? 'the same' : byDoctor;
    const cells = [`\`${code}\``, how, onPage, same, `\`${alert}\``];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head =
    '| finding | the fault | the page says | the doctor says | the alert |\n|---|---|---|---|---|';
  return `${introduction}\n\n${head}\n${lines.join('\n')}\n`;
}

/** Without what differs from run to run and tells a reader nothing. */
function shorten(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')
    .replaceAll(/\S+:\d+:[0-9a-f]{8}/g, 'HOST:PID:START')
    .replaceAll(/\d+(\.\d+)? (s|min|h)\b( \d+ (s|min)\b)?/g, (time) =>
      time === '1 h' ? time : '# s',
    )
    .replaceAll(/(\d+\.){3}\d+:\d+/g, 'HOST:PORT')
    .replaceAll(/\/\S+exports\S*?(?=[\s'])/g, 'FOLDER')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
    .replaceAll(/\bprocess \d+/g, 'process PID')
    .replaceAll(/\b\d+ attempts?\b/g, '# attempts')
    .replaceAll(/\battempt \d+/g, 'attempt #')
    .replaceAll('the next is due or running', 'the next is in # s');
}

/** Writes the table if that is asked for; returns the one that is kept. */
export function keptTable(rows: readonly Row[]): string {
  if (environment()['WRITE_DRILL'] === '1') writeFileSync(file, renderTable(rows));
  return readFileSync(file, 'utf8');
}
