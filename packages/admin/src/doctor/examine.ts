import {
  describeLag,
  diagnose,
  type Finding,
  formatDuration,
  type Overview,
  plural,
  presenceOf,
} from '@kasabi/operations';
import { createPool, parseConnectionUrl, roleUrl } from '@kasabi/postgres';
import { redisAccess } from '@kasabi/queue';
import type { AdminSettings } from '../env.ts';
import { formatTime } from '../output.ts';
import { atLeast, type Check, judge } from './check.ts';
import { examinePooler } from './pooler.ts';
import { checkPostgres } from './postgres.ts';
import { checkRedis } from './redis.ts';

const oldestNode = '20.19.0';

/** How long a statement may take, in milliseconds: a frozen Postgres must not freeze the doctor. */
const patienceMs = 10_000;

/** The checks, and the findings under the same names as on the page and in the alerts. */
export interface Examination {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/**
 * Runs all checks and returns their results, whatever is away. Throws only unforeseen errors.
 */
export async function examine(settings: AdminSettings): Promise<Examination> {
  if (parseConnectionUrl(settings.DATABASE_URL).isPooled) return await examinePooler(settings);
  const pool = createPool({
    url: roleUrl(settings.DATABASE_URL, 'owner'),
    target: 'prefer-primary',
    applicationName: 'kasabi-doctor',
    max: 2,
    needsSession: true,
    statementTimeoutMs: patienceMs,
    onIdleError: () => undefined,
  });
  try {
    const postgres = await checkPostgres(pool);
    const { overview } = postgres;
    const url = settings.REDIS_URL;
    const redis =
      url === undefined
        ? undefined
        : await checkRedis(
            redisAccess({ ...settings, REDIS_URL: url }),
            overview === undefined ? undefined : pool,
          );
    const checks = [...checkHere(url), ...postgres.checks, ...(redis?.checks ?? [])];
    // Without a schema nothing else can be read.
    if (postgres.answered && overview === undefined) return { checks, findings: [] };
    const findings = diagnose({
      overview,
      postgresError: postgres.error,
      redisAnswers: redis?.answers,
      redisTrouble: redis?.trouble,
      restored: redis?.restored,
      postgresSick: postgres.sick,
      clockOffsetMs: postgres.clockOffsetMs,
    });
    // With Postgres away, no worker reports that Redis is, too.
    if (overview === undefined && redis?.answers === false) findings.push(redisDown);
    const said = [...checks, ...(overview === undefined ? [] : describe(overview))];
    return { checks: [...said, ...findings.map(ofFinding)], findings };
  } finally {
    await pool.end();
  }
}

const redisDown: Finding = {
  code: 'redis-down',
  severity: 'critical',
  what: 'Redis does not answer.',
  todo: 'Start Redis, or check the network between it and the services.',
};

function checkHere(redisUrl: string | undefined): Check[] {
  const { node } = process.versions;
  return [
    redisUrl === undefined
      ? judge('settings', 'REDIS_URL is not set: Redis is not checked', {
          status: 'warn',
          todo: "Set REDIS_URL to the workers' Redis.",
        })
      : judge('settings', 'DATABASE_URL and REDIS_URL are set'),
    atLeast(node, oldestNode)
      ? judge('node', `Node.js ${node}`)
      : judge('node', `Node.js ${node} is too old`, {
          status: 'fail',
          todo: `Install ${oldestNode} or newer.`,
        }),
  ];
}

/** Reports in numbers what is well, too. */
function describe(overview: Overview): Check[] {
  const { workers, lockedDatasets, relay, oldestDueMs, due, scheduled } = overview;
  const presence = presenceOf(workers);
  const alive = workers.filter(({ holder }) => presence.get(holder) === 'alive');
  const versions = new Set(alive.map(({ version }) => version));
  const reporting = plural(alive.length, 'worker reports', 'workers report');
  const oldest = due === 0 ? 'none is due' : `the oldest due for ${formatDuration(oldestDueMs)}`;
  return [
    versions.size > 1
      ? judge('workers', `${reporting}, of different versions: ${[...versions].join(', ')}`, {
          status: 'warn',
          todo: 'This is expected during a roll-out; afterwards, replace the older ones.',
        })
      : judge('workers', reporting),
    judge('jobs', `${scheduled} scheduled, ${oldest}; ${relay.backlog} to be handed to Redis`),
    judge('locks', plural(lockedDatasets.length, 'dataset is locked', 'datasets are locked')),
    ...overview.standbys.map((standby) =>
      judge(
        'standby',
        `${standby.name}${standby.address === null ? '' : ` at ${standby.address}`} ${describeLag(standby)}`,
      ),
    ),
  ];
}

function ofFinding(finding: Finding): Check {
  const { code, severity, what, todo, subject, acknowledged } = finding;
  if (acknowledged !== undefined) {
    const { until, operatorAddress, note } = acknowledged;
    const said = `Acknowledged from ${operatorAddress} until ${formatTime(until)}${note === null ? '' : `: ${note}`}.`;
    return { name: code, status: 'ack', what: `${what} ${said}` };
  }
  const command = `npm run admin -- finding ack ${[code, subject?.id].filter(Boolean).join(' ')}`;
  // Without Postgres it cannot be stored.
  const advice =
    code === 'postgres-down' ? todo : `${todo.replace(/\.$/, '')}; to acknowledge it: ${command}`;
  const status = severity === 'critical' ? 'fail' : 'warn';
  return { name: code, status, what, todo: advice };
}
