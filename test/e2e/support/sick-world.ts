import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@kasabi/local';
import { type Answer, ask, untilEnded } from '@kasabi/test/support/client';
import { createGate, type Gate } from '@kasabi/test/support/gate';
import { type OperatedPrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';
import pg from 'pg';

/** The services behind gates, each with a login of its own, and what is seen of them while a server is sick. */
export interface SickWorld {
  readonly stack: OperatedPrivateStack;
  readonly postgres: Gate;
  readonly redis: Gate;
  /** Runs statements as the superuser, whatever the server's default is, past the gate. */
  admin(...statements: string[]): Promise<void>;
  /** The same on another server. */
  adminOf(databaseUrl: string, ...statements: string[]): Promise<void>;
  /** Asks for a job; every answer but 202 has to be a 503 with Retry-After. */
  submit(): Promise<Answer>;
  /** Asks for jobs until one is refused. */
  untilRefused(): Promise<void>;
  /** Waits until `readyz` of the service has this status and matches. */
  untilReady(service: ServiceName, status: number, text: RegExp): Promise<void>;
  /** Waits until `doctor` fails and names this finding, in these words. */
  untilDoctorSays(code: string, what: RegExp): Promise<void>;
  /** Waits until all are ready, and then a job is accepted at every try and runs. */
  untilWell(): Promise<void>;
  stop(): Promise<void>;
}

const passwords = {
  api: 'secret-1',
  worker: 'secret-2',
  status: 'secret-3',
  operations: 'secret-4',
};

const doctorProgram = fileURLToPath(
  new URL('../../../packages/admin/dist/main.js', import.meta.url),
);

export async function startSickWorld(): Promise<SickWorld> {
  let postgres: Gate | undefined;
  let redis: Gate | undefined;
  const stack = await startPrivateStack({
    operatorPassword: 'an-operators-password',
    passwords,
    settings: { api: { RATE_LIMIT_PER_MINUTE: '100000', MAX_OPEN_JOBS_PER_DATASET: '0' } },
    async connect(service, servers) {
      postgres ??= await createGate(servers.databaseUrl);
      redis ??= await createGate(servers.redisUrl);
      const url = new URL(postgres.url);
      url.username = `kasabi_${service}`;
      url.password = passwords[service];
      const usesRedis = service === 'api' || service === 'worker';
      return { DATABASE_URL: url.href, REDIS_URL: usesRedis ? redis.url : '' };
    },
  });
  assert.ok(postgres !== undefined && redis !== undefined);
  const gates = [postgres, redis];

  async function submit(): Promise<Answer> {
    const answer = await ask(`${stack.api.url}/dataset/nasa/jobs?jobType=reset`, {
      method: 'POST',
      headers: { X_KASABI_APIKEY: stack.key },
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.status !== 202) {
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    }
    return answer;
  }

  async function untilReady(service: ServiceName, status: number, text: RegExp) {
    let last = '';
    await waitFor(
      async () => {
        const answer = await ask(`${stack[service].url}/readyz`);
        last = `${answer.status} ${answer.text}`;
        return answer.status === status && text.test(answer.text);
      },
      { what: `readyz of the ${service}`, timeoutMs: 30_000, everyMs: 100 },
    ).catch((error) => assert.fail(`${error}: ${last}`));
  }

  return {
    stack,
    postgres,
    redis,
    admin: (...statements) => run(stack.databaseUrl, statements),
    adminOf: (databaseUrl, ...statements) => run(databaseUrl, statements),
    submit,
    async untilRefused() {
      await waitFor(async () => (await submit()).status === 503, {
        what: 'a job to be refused',
        timeoutMs: 30_000,
        everyMs: 1,
      });
    },
    untilReady,
    async untilDoctorSays(code, what) {
      let last = '';
      await waitFor(
        async () => {
          last = await doctor({ DATABASE_URL: postgres?.url, REDIS_URL: redis?.url });
          const { checks } = JSON.parse(last) as { checks: { name: string; what: string }[] };
          return checks.some((it) => it.name === code && what.test(it.what));
        },
        { what: `doctor to name ${code}`, timeoutMs: 30_000, everyMs: 500 },
      ).catch((error) => assert.fail(`${error}: ${last}`));
    },
    async untilWell() {
      for (const service of ['api', 'worker', 'status', 'operations'] as const) {
        await untilReady(service, 200, /^ready\n$/);
      }
      const answers = await Promise.all(Array.from({ length: 12 }, submit));
      const [first, ...others] = answers.map(({ status }) => status);
      assert.ok(first === 202 && others.every((it) => it === 202), 'accepted on every connection');
      const [{ text }] = answers as [Answer];
      const { status } = await untilEnded(text, stack.key, 60_000);
      assert.equal(status, 'completed');
    },
    async stop() {
      await stack.stop();
      for (const gate of gates) await gate.close();
    },
  };
}

function doctor(env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [doctorProgram, 'doctor', '--json'], { env }, (_error, out, err) =>
      resolve(out || err),
    );
  });
}

async function run(databaseUrl: string, statements: readonly string[]): Promise<void> {
  const url = new URL(databaseUrl);
  // Not of the database that a test renames.
  url.pathname = '/template1';
  for (const statement of statements) {
    const inside = /kasabi\.|TABLE|SCHEMA/.test(statement) && !/DATABASE/.test(statement);
    const client = new pg.Client({
      connectionString: inside ? databaseUrl : url.href,
      options: '-c default_transaction_read_only=off',
    });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }
}
